import { TaskHardTimeLimitError, TaskSoftTimeLimitError } from '../task-base.errors.ts';
import type { TaskRun } from './task-run.ts';
import { whenSettled } from './when-settled.ts';

/**
 * At the soft limit the run is asked to end, so the handler can clean up; between the two limits is its grace. At the hard limit
 * it is revoked: `endWhenRevoked` fails it whatever the handler does.
 */
export function limitTime(run: TaskRun, next: () => Promise<unknown>): Promise<unknown> {
  const { handler, control } = run;
  if (handler === undefined) return next();
  const { name, softLimitMs, hardLimitMs } = handler.task;
  let timer = setTimeout(() => {
    control.ask(new TaskSoftTimeLimitError(name, softLimitMs));
    const graceMs = hardLimitMs - softLimitMs;
    timer = setTimeout(() => control.revoke(new TaskHardTimeLimitError(name, hardLimitMs)), graceMs);
  }, softLimitMs);
  return whenSettled(next(), () => clearTimeout(timer));
}
