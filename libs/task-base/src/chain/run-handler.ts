import { UnknownTaskError } from '../task-base.errors.ts';
import { runAsTask } from '../tasks/current-task.ts';
import { RunContext } from './run-context.ts';
import type { TaskRun } from './task-run.ts';

/** The end of the chain: the handler itself, with its context. */
export function runHandler(run: TaskRun): Promise<unknown> {
  const { handler, jobId, steps } = run;
  if (handler === undefined) return Promise.reject(new UnknownTaskError(run.taskName, run.queue));
  const taskName = handler.task.name;
  return runAsTask(
    { taskId: jobId, taskName, steps },
    () => handler.instance.run(run.params, new RunContext(run, taskName)),
    () => run.control.signal,
  );
}
