import type { Metrics } from '@bus/observability';
import { validatePayload } from '@bus/payload-schemas';
import { readParams } from '../client/job-data.ts';
import {
  JobUnreadableError,
  TaskError,
  TaskParamsInvalidError,
  UnknownTaskError,
} from '../task-base.errors.ts';
import type { TaskLink, TaskRun } from './task-run.ts';

/**
 * Nothing that lies in Redis is trusted: the task must be known here and the parameters must fit its class. What does not
 * is final at once, since the same bytes would be refused again.
 */
export function readParameters(metrics: Metrics): TaskLink {
  const rejected = metrics.counter('bus_task_rejected_total');
  return async (run, next) => {
    try {
      run.params = checkedParams(run);
    } catch (error) {
      const reason = error instanceof TaskError ? error.code : 'TASK_FAILED';
      rejected.inc({ queue: run.queue, task: run.taskName, reason });
      throw error;
    }
    return next();
  };
}

function checkedParams(run: TaskRun): object {
  const { job, handler } = run;
  const params = readParams(job.data);
  if (params === undefined) throw new JobUnreadableError(unreadableDetail(job.data));
  if (handler === undefined) throw new UnknownTaskError((job.name ?? '').slice(0, 64), run.queue);
  const validation = validatePayload(handler.task.params, params);
  if (!validation.ok) throw new TaskParamsInvalidError(handler.task.name, validation.problems);
  return validation.value;
}

/** The field that `mendJobHash` leaves in the data of a job it could not read. */
export const UNREADABLE = 'unreadable';

function unreadableDetail(data: unknown): string {
  if (typeof data === 'object' && data !== null && UNREADABLE in data) return String(data[UNREADABLE]);
  return 'its data has no params';
}
