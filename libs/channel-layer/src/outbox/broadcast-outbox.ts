import type { BroadcastPriority, EventType } from '@bus/payload-schemas';
import type { BroadcastTarget } from '../broadcast/broadcast.ts';

/** A critical broadcast Redis could not take, complete enough to be sent later by another process. JSON-safe. */
export interface UndeliveredBroadcast {
  readonly target: BroadcastTarget;
  readonly groupName: string;
  readonly messageType: EventType;
  readonly data: object;
  readonly priority: BroadcastPriority;
  /** Always present: the first attempt may have reached Redis after all, and must not be shown twice. */
  readonly eventId: string;
  readonly taskId: string | null;
  readonly taskName: string | null;
  /** ISO 8601 time of the first attempt; the browser sees this one, however late the event arrives. */
  readonly timestamp: string;
}

/** An `UndeliveredBroadcast` in store. */
export interface KeptBroadcast extends UndeliveredBroadcast {
  /** The store's own id, given back to `done`. */
  readonly id: string;
}

/**
 * Where critical broadcasts wait while Redis is away. It must not itself depend on Redis.
 *
 * Several relays may take the same entries: sending is idempotent by `eventId`.
 */
export interface BroadcastOutbox {
  /** Resolves once the broadcast is durable; rejects when it could not be stored. */
  keep(broadcast: UndeliveredBroadcast): Promise<void>;
  /** The oldest entries, oldest first, at most `limit`. Taking does not remove them. */
  take(limit: number): Promise<KeptBroadcast[]>;
  /** Removes entries that were handed over. Unknown ids are ignored. */
  done(ids: readonly string[]): Promise<void>;
}

/** Injection token of the `BroadcastOutbox`. Without one, an undelivered critical broadcast only returns false. */
export const BROADCAST_OUTBOX = Symbol('BROADCAST_OUTBOX');
