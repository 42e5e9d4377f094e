/**
 * What happens to the slots that came while no scheduler could act, seen when the first one looks again:
 * - `skip`: nothing; they are recorded as skipped.
 * - `once`: one run for the latest of them; the others are recorded as skipped.
 * - `all`: a run for each, oldest first, at most `catchUpLimit`; the rest is recorded as skipped. Unless overlap is `allow`
 *   they run one after another.
 *
 * A slot at most `LATE_MS` old is not missed, only late, and simply runs.
 */
export const CATCH_UP_POLICIES = ['skip', 'once', 'all'] as const;
export type CatchUpPolicy = (typeof CATCH_UP_POLICIES)[number];

/**
 * What happens to a slot while an earlier run of the same schedule is not finished, retries and jitter included:
 * - `allow`: it runs beside it.
 * - `skip`: it is recorded as skipped.
 * - `queue`: it waits until the earlier one has ended, well or not. One waits at most; further slots are recorded as skipped.
 */
export const OVERLAP_POLICIES = ['allow', 'skip', 'queue'] as const;
export type OverlapPolicy = (typeof OVERLAP_POLICIES)[number];

/** When a schedule has its slots. Exactly one of `cron` and `everySeconds` is set. */
export interface ScheduleTiming {
  /** Five fields, or six with seconds in front, read in `timeZone`. */
  readonly cron: string | null;
  /** Real seconds, counted from `startsAt`, else from 1970-01-01T00:00:00Z; the time zone plays no part. */
  readonly everySeconds: number | null;
  /** IANA name. */
  readonly timeZone: string;
  /** No slot before this. */
  readonly startsAt: Date | null;
  /** No slot at or after this. */
  readonly endsAt: Date | null;
}

/** What people write of a schedule. */
export interface ScheduleDefinition extends ScheduleTiming {
  readonly name: string;
  readonly taskName: string;
  readonly params: unknown;
  readonly enabled: boolean;
  readonly catchUp: CatchUpPolicy;
  /** 1 to 1000. */
  readonly catchUpLimit: number;
  readonly overlap: OverlapPolicy;
  /** Each run is held back by a part of this, always the same for the same slot. */
  readonly jitterSeconds: number;
}

/** A schedule as it lies in the store. */
export interface Schedule extends ScheduleDefinition {
  readonly scheduleId: number;
  /** Null: not worked out yet, or none is left (`isEnded`). */
  readonly nextSlotAt: Date | null;
  readonly isEnded: boolean;
  readonly lastSlotAt: Date | null;
  /** Why its slots cannot be worked out or run. Gone when it has been mended. */
  readonly lastError: string | null;
  readonly createdBy: string | null;
  readonly createdAt: Date;
  readonly updatedAt: Date;
  /** Raised by one with each edit. */
  readonly version: number;
}

/**
 * - `due`: decided, not in Redis yet. `waiting`: for an earlier run to end. `enqueued`: Redis has the job.
 * - `succeeded`, `failed`: how the job ended; a failed one may still succeed when it is requeued.
 * - `skipped`: never ran, `reason` says why. `removed`: its job was taken out of Redis by hand (cancelled, drained).
 */
export type ScheduleRunState =
  'due' | 'waiting' | 'enqueued' | 'succeeded' | 'failed' | 'skipped' | 'removed';

/** One slot and what became of it. There is one for each slot, also with many schedulers. */
export interface ScheduleRun {
  readonly runId: string;
  readonly scheduleId: number;
  readonly slotAt: Date;
  readonly cause: 'slot' | 'catch_up' | 'manual';
  readonly state: ScheduleRunState;
  readonly reason: string | null;
  /** How many slots this stands for: a stretch of missed ones is one run. */
  readonly slots: number;
  readonly taskName: string;
  readonly queue: string | null;
  readonly jobId: string | null;
  /** How often the job was enqueued again because Redis had lost it. */
  readonly recoveries: number;
  readonly decidedAt: Date;
  readonly enqueuedAt: Date | null;
  readonly startedAt: Date | null;
  readonly finishedAt: Date | null;
}
