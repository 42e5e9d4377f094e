import { Emitter } from '@socket.io/redis-emitter';
import type { ChannelCore } from '../channel-core.ts';
import { ADAPTER_KEY } from './adapter-channels.ts';
import { SealedPublisher } from './sealed-publisher.ts';

/**
 * Tells the gateways what to do with their sockets (disconnect, join, leave) from a process without one.
 * At most once. Events for browsers go through `ChannelLayer` instead, which knows histories.
 */
export function createSealedEmitter(core: ChannelCore): Emitter {
  return new Emitter(new SealedPublisher(core.producer, core.sealer, core.channels), { key: ADAPTER_KEY });
}
