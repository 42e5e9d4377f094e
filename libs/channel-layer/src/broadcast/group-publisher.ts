import { randomUUID } from 'node:crypto';
import type { ChannelCore } from '../channel-core.ts';
import type { UndeliveredBroadcast } from '../outbox/broadcast-outbox.ts';
import type { BroadcastContent, BroadcastTarget } from './broadcast.ts';
import { encodeEnvelope } from './envelope-codec.ts';

/** A broadcast with everything filled in, ready to be sent now or kept for later. */
export type PreparedBroadcast = Omit<UndeliveredBroadcast, 'eventId'> & {
  readonly eventId: string | undefined;
};

/** Fills in what the caller left out. A critical broadcast gets an event id, so that it may safely be sent twice. */
export function prepare(
  target: BroadcastTarget,
  groupName: string,
  content: BroadcastContent,
): PreparedBroadcast {
  const priority = content.priority ?? 'normal';
  return {
    target,
    groupName,
    messageType: content.messageType,
    data: content.data,
    priority,
    eventId: content.eventId ?? (priority === 'critical' ? randomUUID() : undefined),
    taskId: content.taskId ?? null,
    taskName: content.taskName ?? null,
    timestamp: new Date().toISOString(),
  };
}

/** Seals broadcasts and hands them to Redis: into the history and to every gateway, in one step. */
export class GroupPublisher {
  readonly #core: ChannelCore;

  constructor(core: ChannelCore) {
    this.#core = core;
  }

  /**
   * Resolves when Redis has the broadcast, also when it had it before by its event id.
   * While Redis is connected, broadcasts reach it in the order of the calls.
   *
   * @throws InvalidBroadcastError when it can never be sent.
   * @throws Error within about two seconds when Redis did not take it, or did not say so.
   */
  async publish(broadcast: PreparedBroadcast): Promise<void> {
    const envelope = encodeEnvelope(broadcast);
    const { sealer, log, metrics } = this.#core;
    const seal = (channel: string): Buffer => sealer.seal(channel, envelope);
    const appended = await log.append(broadcast.groupName, seal, broadcast.eventId);
    if (appended.isDuplicate) metrics.duplicateSuppressed();
  }
}
