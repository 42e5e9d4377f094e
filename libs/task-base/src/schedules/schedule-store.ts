import type { Schedule, ScheduleDefinition, ScheduleRun } from './schedule.ts';

/** A schedule whose slot has come, or whose next slot is not worked out yet. */
export interface DueSchedule {
  readonly schedule: Schedule;
  /** By the clock of the store, the only one that counts. */
  readonly now: Date;
  /** Runs that are not finished, waiting ones not counted. */
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

/** What becomes of the slots of a due schedule, and when its next one is; or why that cannot be said. */
export type SlotDecision =
  | {
      readonly ok: true;
      /** Oldest first. */
      readonly slots: readonly DecidedSlot[];
      /** Null: none is left. */
      readonly nextSlotAt: Date | null;
    }
  | { readonly ok: false; readonly error: string };

/** Where schedules are kept. */
export interface ScheduleStore {
  /** All schedules by name. */
  list(): Promise<Schedule[]>;
  find(name: string): Promise<Schedule | undefined>;
  /** Undefined when the name is taken. */
  add(definition: ScheduleDefinition, createdBy: string | null): Promise<Schedule | undefined>;
  /** Undefined when the schedule is not as it was at `version` any more. */
  change(
    scheduleId: number,
    version: number,
    changes: Partial<ScheduleDefinition>,
  ): Promise<Schedule | undefined>;
  /** False when there is none of that name. */
  remove(name: string): Promise<boolean>;
  /** How many enabled schedules have an error. */
  countFailing(): Promise<number>;
  /** Whether anything is to be done now. Cheap enough to be asked every second by every worker. */
  outlook(): Promise<{
    readonly isDue: boolean;
    readonly hasPendingRuns: boolean;
    readonly nextSlotInMs: number | undefined;
  }>;
  /**
   * Takes at most `limit` due schedules no other process is working on, asks `decide` for each, and writes its answers in one
   * transaction. A schedule with an error is offered again after a while.
   */
  decideDue(
    limit: number,
    decide: (due: DueSchedule) => SlotDecision,
  ): Promise<readonly { readonly due: DueSchedule; readonly decision: SlotDecision }[]>;
}

/** A run on its way to Redis. */
export interface DueRun {
  readonly runId: string;
  readonly scheduleId: number;
  readonly scheduleName: string;
  readonly slotAt: Date;
  readonly cause: ScheduleRun['cause'];
  readonly taskName: string;
  readonly params: unknown;
  readonly jitterSeconds: number;
  /** Since the slot, by the clock of the store. */
  readonly lateMs: number;
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

/** How a run ended. */
export interface RunEnd {
  readonly state: 'succeeded' | 'failed' | 'removed';
  readonly reason: string | null;
}

/** Where the runs of schedules are kept, the bridge between a slot and its job. */
export interface ScheduleRunStore {
  /** The latest runs of a schedule, newest slot first, at most `limit`. */
  list(scheduleId: number, limit: number): Promise<ScheduleRun[]>;
  /** A run outside the slots, due at once. */
  addManual(scheduleId: number, taskName: string, params: unknown): Promise<ScheduleRun>;
  /** Lets the oldest waiting run of each schedule go when no earlier one is open any more. */
  releaseWaiting(): Promise<void>;
  /** Claims runs to be enqueued, oldest slot first. Nobody else gets them for `RUN_LEASE_MS`. */
  claimDue(limit: number): Promise<DueRun[]>;
  /** The job is in Redis. A run that has ended already stays as it is. */
  markEnqueued(runId: string, job: { queue: string; jobId: string; redisLineage: string }): Promise<void>;
  /** Claims enqueued runs nobody has looked at for a while. */
  claimOpen(limit: number): Promise<OpenRun[]>;
  /** Redis has lost the job: due again. */
  markLost(runId: string): Promise<void>;
  /** A handler is about to run in this job. False when the run has succeeded before, so that it must not. */
  start(runId: string, job: { queue: string; jobId: string }): Promise<boolean>;
  /** Writes how a run ended. A failed or removed run may succeed later, never the other way round. */
  settle(runId: string, end: RunEnd): Promise<void>;
  /** Deletes runs past their retention, at most `limit`; returns how many. */
  purge(limit: number): Promise<number>;
}

/** How long a store leaves a claimed run to the one who claimed it. */
export const RUN_LEASE_MS = 10_000;

/** Injection token of the `ScheduleStore`. */
export const SCHEDULE_STORE = Symbol('SCHEDULE_STORE');

/** Injection token of the `ScheduleRunStore`. */
export const SCHEDULE_RUN_STORE = Symbol('SCHEDULE_RUN_STORE');
