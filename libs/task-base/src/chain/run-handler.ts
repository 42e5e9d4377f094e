import { UnknownTaskError } from '../task-base.errors.ts';
import { RunContext } from './run-context.ts';
import type { TaskRun } from './task-run.ts';

/** The end of the chain: the handler itself, with its context. */
export function runHandler(run: TaskRun): Promise<unknown> {
  const { handler } = run;
  if (handler === undefined) return Promise.reject(new UnknownTaskError(run.taskName, run.queue));
  return handler.instance.run(run.params, new RunContext(run, handler.task.name));
}
