import { Logger } from '@nestjs/common';
import { describeFailure } from './failure-reason.ts';
import { isMovedAside } from './move-aside.ts';
import type { TaskRun } from './task-run.ts';

const logger = new Logger('Task');

/** One line for a run that failed, with why; runs that end well are for metrics, not for the log. */
export function logRun(run: TaskRun, next: () => Promise<unknown>): Promise<unknown> {
  return next().catch((error: unknown) => {
    // A job that is moved aside has not failed; why it waits is told where that is decided.
    if (isMovedAside(error)) throw error;
    const attempt = run.job.attemptsMade + 1;
    logger.warn(
      `${run.taskName} ${run.jobId} on ${run.queue}, attempt ${attempt}: ${describeFailure(error)}`,
    );
    throw error;
  });
}
