import type { EventEnvelope } from '@bus/payload-schemas';

/** A place in a group's history. `offset` is a decimal integer string and only comparable within one `epoch`. */
export interface GroupPosition {
  readonly epoch: string;
  readonly offset: string;
}

/**
 * Why the events after a position cannot all be given.
 * - `epoch_changed`: the history was started anew (lost, or rolled back by a Redis fail-over).
 * - `trimmed`: the position is older than the bounded history.
 * - `ahead`: the position is beyond the newest event, so it belongs to a history that no longer exists.
 * - `rewritten`: Redis lost events that had been shown and gave their offsets to others.
 * - `unreadable`: an event cannot be opened (sealed with a removed key, or forged).
 * - `unavailable`: Redis did not answer in time.
 * - `malformed`: the position is not one the channel layer ever gives out.
 */
export type GapReason =
  'epoch_changed' | 'trimmed' | 'ahead' | 'rewritten' | 'unreadable' | 'unavailable' | 'malformed';

/** Answer to "what did I miss?": either every missed event in order, or an explicit gap. Never silence. */
export type HistoryResult =
  | {
      readonly result: 'replayed';
      readonly events: EventEnvelope[];
      readonly epoch: string;
      /** Position of the last event given; ask again from here when a limit cut the answer short. */
      readonly offset: string;
    }
  | {
      readonly result: 'gap';
      readonly reason: GapReason;
      readonly epoch: string;
      /** The newest position, from which events can be followed again. */
      readonly offset: string;
    };

/** The newest events of a group in order, and the position of the last one. */
export interface LatestEvents extends GroupPosition {
  readonly events: readonly EventEnvelope[];
}
