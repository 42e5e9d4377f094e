import type { ValueSealer } from '@bus/channel-layer';
import type { Metrics } from '@bus/observability';
import { validatePayload } from '@bus/payload-schemas';
import { readParams } from '../client/job-data.ts';
import { openParams } from '../privacy/parameter-seals.ts';
import {
  JobUnreadableError,
  TaskError,
  TaskParamsInvalidError,
  UnknownTaskError,
} from '../task-base.errors.ts';
import type { TaskLink, TaskRun } from './task-run.ts';

/**
 * Nothing that lies in Redis is trusted: the task must be known here, its sealed parameters must open, and all must fit its
 * class. What does not is final at once, since the same bytes would be refused again.
 */
export function readParameters(metrics: Metrics, sealer?: ValueSealer): TaskLink {
  const rejected = metrics.counter('bus_task_rejected_total');
  return (run, next) => {
    try {
      run.params = checkedParams(run, sealer);
    } catch (error) {
      const reason = error instanceof TaskError ? error.code : 'TASK_FAILED';
      rejected.inc({ queue: run.queue, task: run.taskName, reason });
      return Promise.reject(error);
    }
    return next();
  };
}

function checkedParams(run: TaskRun, sealer: ValueSealer | undefined): object {
  const { job, jobId, handler, concealed } = run;
  const params = readParams(job.data);
  if (params === undefined) throw new JobUnreadableError(unreadableDetail(job.data));
  if (handler === undefined) throw new UnknownTaskError((job.name ?? '').slice(0, 64), run.queue);
  const open = openParams(handler.task, jobId, params, sealer, (value) => concealed.add(value));
  const validation = validatePayload(handler.task.params, open);
  if (!validation.ok) throw new TaskParamsInvalidError(handler.task.name, validation.problems);
  return validation.value;
}

/** The field that `mendJobHash` leaves in the data of a job it could not read. */
export const UNREADABLE = 'unreadable';

function unreadableDetail(data: unknown): string {
  if (typeof data === 'object' && data !== null && UNREADABLE in data) return String(data[UNREADABLE]);
  return 'its data has no params';
}
