import { AsyncLocalStorage } from 'node:async_hooks';
import type { TaskSteps } from '../idempotency/task-steps.ts';

/** The task a piece of code runs for. */
export interface CurrentTask {
  readonly taskId: string;
  readonly taskName: string;
  /** Only of tasks with an idempotency rule. */
  readonly steps?: TaskSteps | undefined;
}

const running = new AsyncLocalStorage<CurrentTask>();

/** The task that is running, or undefined outside any. */
export function currentTask(): CurrentTask | undefined {
  return running.getStore();
}

/** Runs `fn`, and everything it awaits, as part of the task. */
export function runAsTask<T>(task: CurrentTask, fn: () => T): T {
  return running.run(task, fn);
}
