import { Logger } from '@nestjs/common';
import { TaskParkedError } from '../task-base.errors.ts';
import { describeFailure } from './failure-reason.ts';
import type { TaskRun } from './task-run.ts';

const logger = new Logger('Task');

/** One line for a run that failed, with why; runs that end well are for metrics, not for the log. */
export async function logRun(run: TaskRun, next: () => Promise<unknown>): Promise<unknown> {
  try {
    return await next();
  } catch (error) {
    // One line per circuit that opens is enough; it comes from the circuit.
    if (error instanceof TaskParkedError) throw error;
    const attempt = run.job.attemptsMade + 1;
    logger.warn(
      `${run.taskName} ${run.jobId} on ${run.queue}, attempt ${attempt}: ${describeFailure(error)}`,
    );
    throw error;
  }
}
