import type { EventEnvelope } from '@bus/payload-schemas';
import type { Namespace, Socket } from 'socket.io';
import type { GapReason } from '../history/group-position.ts';

/** Name of the event that tells every browser in a group that it missed something for good. */
export const GAP_EVENT = 'gap';

/** Body of the `gap` event. The browser takes a snapshot; events after `epoch`/`offset` follow as usual. */
export interface GapNotice {
  readonly group: string;
  readonly reason: GapReason;
  readonly epoch: string;
  readonly offset: string;
}

/**
 * Where the feeds put what they deliver. Called in the order browsers must see, synchronously: a socket joins its
 * group in the same step as its last replayed event, so whatever is handed over must keep its turn.
 */
export interface GroupOutput {
  /** To every local socket of the group. */
  event(group: string, envelope: EventEnvelope): void;
  gap(group: string, notice: GapNotice): void;
  /** To one socket that is catching up and not in the group yet. */
  replay(socket: Socket, envelope: EventEnvelope): void;
}

/** Emits at once, through Socket.IO's own buffers. */
export function localOutput(namespace: Namespace): GroupOutput {
  return {
    event: (group, envelope) => namespace.local.to(group).emit(envelope.type, envelope),
    gap: (group, notice) => namespace.local.to(group).emit(GAP_EVENT, notice),
    replay: (socket, envelope) => socket.emit(envelope.type, envelope),
  };
}
