import { redisKeys } from '@bus/platform';
import type { RoutingNames } from '../seal/routing-names.ts';

/** Prefix the Socket.IO adapter and emitter are told to use; it never reaches Redis. */
export const ADAPTER_KEY = 'bus';

/**
 * The channels of the Socket.IO adapter on the wire.
 *
 * The adapter publishes broadcasts on `bus#/#` or `bus#/#room#` and listens to the pattern `bus#/#*`, so every
 * gateway receives them all anyway. They share one opaque wire channel per namespace: not even how much is said
 * in which room can be seen. Requests and responses keep a channel each; the true name travels inside the seal.
 */
export class AdapterChannels {
  readonly #names: RoutingNames;

  constructor(names: RoutingNames) {
    this.#names = names;
  }

  /** Wire channel of an adapter channel or of the adapter's subscription pattern. */
  wireOf(channelOrPattern: string): string {
    return `${redisKeys.adapterChannel}:${this.#names.ofChannel(withoutRoom(channelOrPattern))}`;
  }
}

function withoutRoom(channel: string): string {
  const broadcasts = `${ADAPTER_KEY}#`;
  if (!channel.startsWith(broadcasts)) return channel;
  const namespaceEnd = channel.indexOf('#', broadcasts.length);
  return namespaceEnd === -1 ? channel : `${channel.slice(0, namespaceEnd + 1)}*`;
}
