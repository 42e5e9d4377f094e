import type { GapReason, GroupPosition } from '../history/group-position.ts';

/** One group a socket wants to join. With a position, everything after it is replayed first. */
export interface GroupRequest {
  readonly group: string;
  readonly position?: GroupPosition;
}

/**
 * What joining a group gave.
 * - `live`: nothing was missed, or no position was named.
 * - `replayed`: the missed events were emitted, in order, before this result.
 * - `gap`: they cannot all be given; the socket is live from `epoch`/`offset` on and needs a snapshot.
 */
export interface GroupResult {
  readonly group: string;
  readonly result: 'live' | 'replayed' | 'gap';
  /** Number of events emitted to catch up. May be above zero for a gap that was found half-way. */
  readonly replayed: number;
  readonly epoch: string;
  readonly offset: string;
  readonly reason?: GapReason;
}
