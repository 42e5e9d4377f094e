import type { LoggerService } from '@nestjs/common';

/** What a running task knows of its own run. */
export interface TaskContext {
  readonly jobId: string;
  readonly taskName: string;
  /** 1 for the first run, counting runs that ended in a failure. */
  readonly attempt: number;
  /** This job was started before: it failed, or its worker died. Side effects may have happened already. */
  readonly isRedelivery: boolean;
  /** Follows the work from where it entered the bus; set on everything this task logs or enqueues. */
  readonly correlationId: string;
  /** Aborted at the soft time limit, when the job is cancelled and when the run is revoked; `reason` says which. */
  readonly signal: AbortSignal;
  /**
   * Aborted when nothing this run does counts any more: hard limit, lost lock, shutdown, or a cancel whose grace has passed.
   * Whatever works for it elsewhere, such as a process it started, must be ended now.
   */
  readonly revoked: AbortSignal;
  /**
   * Rises with every start of the job, also over its workers, and with every request that gives a finished job a new run. A store
   * that keeps the highest one it has seen can refuse a run that comes back from the dead.
   */
  readonly fencingToken: number;
  readonly logger: LoggerService;
  /** Stores how far the task is on its job, clamped to 0..100. */
  progress(percent: number, message?: string): Promise<void>;
  /**
   * Resolves while this run still owns its job; to be awaited right before something is committed that a successor must not find
   * done twice. One round trip to Redis.
   *
   * @throws TaskOwnershipLostError when it does not, TaskOwnershipUnconfirmedError (retryable) when Redis does not answer
   */
  confirmOwnership(): Promise<void>;
}
