import { Logger } from '@nestjs/common';
import { readScheduleRunId } from '../client/job-data.ts';
import type { ScheduleReports } from '../schedules/schedule-reports.ts';
import type { TaskLink, TaskRun } from './task-run.ts';

/** What a run comes to that was not run. */
export interface SkippedRun {
  readonly skipped: 'schedule_run_succeeded_before';
}

const logger = new Logger('Task');

/** A slot of a schedule is run once: a job that comes after its run has succeeded ends without its handler. */
export function skipSettledRun(reports: ScheduleReports | undefined): TaskLink {
  return (run, next) => {
    const runId = readScheduleRunId(run.job.data);
    if (reports === undefined || runId === undefined) return next();
    return runUnlessSettled(reports, runId, run, next);
  };
}

async function runUnlessSettled(
  reports: ScheduleReports,
  runId: string,
  run: TaskRun,
  next: () => Promise<unknown>,
): Promise<unknown> {
  if (await reports.mayRun(runId, run)) return next();
  logger.warn(`${run.taskName} ${run.jobId}: its run has succeeded before, so it is not run again`);
  return { skipped: 'schedule_run_succeeded_before' } satisfies SkippedRun;
}
