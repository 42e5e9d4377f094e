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
  /** Aborted at the soft time limit or when the run is cancelled; `reason` says which. */
  readonly signal: AbortSignal;
  readonly logger: LoggerService;
  /** Stores how far the task is on its job, clamped to 0..100. */
  progress(percent: number, message?: string): Promise<void>;
}
