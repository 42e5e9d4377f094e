/** What happens to slots that were missed while no worker ran. */
export type CatchUpPolicy = 'skip' | 'once' | 'all';
/** What happens to a slot while an earlier run of its schedule is not finished. */
export type OverlapPolicy = 'allow' | 'skip' | 'queue';
export type ScheduleRunCause = 'slot' | 'catch_up' | 'manual';
export type ScheduleRunState =
  'due' | 'waiting' | 'enqueued' | 'succeeded' | 'failed' | 'skipped' | 'removed';

/** What people write of a schedule. */
export interface ScheduleDefinition {
  readonly name: string;
  readonly taskName: string;
  readonly params: unknown;
  readonly cron: string | null;
  readonly everySeconds: number | null;
  readonly timeZone: string;
  readonly enabled: boolean;
  readonly catchUp: CatchUpPolicy;
  readonly catchUpLimit: number;
  readonly overlap: OverlapPolicy;
  readonly jitterSeconds: number;
  readonly startsAt: Date | null;
  readonly endsAt: Date | null;
}

/** A schedule as it lies in the table. */
export interface Schedule extends ScheduleDefinition {
  readonly scheduleId: number;
  /** Null: not worked out yet, or none is left (`isEnded`). */
  readonly nextSlotAt: Date | null;
  readonly isEnded: boolean;
  readonly lastSlotAt: Date | null;
  readonly lastError: string | null;
  readonly createdBy: string | null;
  readonly createdAt: Date;
  readonly updatedAt: Date;
  /** Raised by one with each edit. */
  readonly version: number;
}

export interface ScheduleRun {
  readonly runId: string;
  readonly scheduleId: number;
  readonly slotAt: Date;
  readonly cause: ScheduleRunCause;
  readonly state: ScheduleRunState;
  readonly reason: string | null;
  readonly slots: number;
  readonly taskName: string;
  readonly queue: string | null;
  readonly jobId: string | null;
  readonly recoveries: number;
  readonly decidedAt: Date;
  readonly enqueuedAt: Date | null;
  readonly startedAt: Date | null;
  readonly finishedAt: Date | null;
}

/** A schedule whose next slot has come, or is not worked out yet, with what its slots are decided by. */
export interface DueSchedule {
  readonly schedule: Schedule;
  /** By the clock of the database. */
  readonly now: Date;
  /** Runs that are not finished, those that wait for others not counted. */
  readonly openRuns: number;
  readonly waitingRuns: number;
}

export interface DecidedSlot {
  readonly slotAt: Date;
  readonly cause: 'slot' | 'catch_up';
  readonly state: 'due' | 'waiting' | 'skipped';
  readonly reason: string | null;
  readonly slots: number;
}

export type SlotDecision =
  | {
      readonly ok: true;
      readonly slots: readonly DecidedSlot[];
      /** Null: none is left. */
      readonly nextSlotAt: Date | null;
    }
  | { readonly ok: false; readonly error: string };

/** A run on its way to Redis. */
export interface DueRun {
  readonly runId: string;
  readonly scheduleId: number;
  readonly scheduleName: string;
  readonly slotAt: Date;
  readonly cause: ScheduleRunCause;
  readonly taskName: string;
  readonly params: unknown;
  readonly jitterSeconds: number;
  /** Since the slot, by the clock of the database. */
  readonly lateMs: number;
  /** How often its job had to be enqueued again because Redis lost it. */
  readonly recoveries: number;
}

/** A run whose job was enqueued. */
export interface OpenRun {
  readonly runId: string;
  readonly scheduleName: string;
  readonly queue: string;
  readonly jobId: string;
  readonly redisLineage: string;
}
