import { TaskHardTimeLimitError, TaskSoftTimeLimitError } from '../task-base.errors.ts';
import type { TaskRun } from './task-run.ts';

/**
 * At the soft limit the run's signal is aborted, so the handler can clean up and end; at the hard limit the run counts as
 * failed whatever the handler does. JavaScript cannot stop a busy handler: it goes on in the background, its outcome unused.
 */
export async function limitTime(run: TaskRun, next: () => Promise<unknown>): Promise<unknown> {
  const task = run.handler?.task;
  if (task === undefined) return next();
  const soft = new AbortController();
  const softTimer = setTimeout(() => {
    soft.abort(new TaskSoftTimeLimitError(task.name, task.softLimitMs));
  }, task.softLimitMs);
  let hardTimer: NodeJS.Timeout | undefined;
  const hardLimit = new Promise<never>((_resolve, reject) => {
    hardTimer = setTimeout(() => {
      reject(new TaskHardTimeLimitError(task.name, task.hardLimitMs));
    }, task.hardLimitMs);
  });
  run.signal = AbortSignal.any([run.signal, soft.signal]);
  try {
    return await Promise.race([next(), hardLimit]);
  } finally {
    clearTimeout(softTimer);
    clearTimeout(hardTimer);
  }
}
