import { AsyncLocalStorage } from 'node:async_hooks';
import type { TaskSteps } from '../idempotency/task-steps.ts';

/** The task a piece of code runs for. */
export interface CurrentTask {
  readonly taskId: string;
  readonly taskName: string;
  /** Only of tasks with an idempotency rule. */
  readonly steps?: TaskSteps | undefined;
}

interface RunningTask {
  readonly task: CurrentTask;
  readonly signal: (() => AbortSignal) | undefined;
}

const running = new AsyncLocalStorage<RunningTask>();

/** The task that is running, or undefined outside any. */
export function currentTask(): CurrentTask | undefined {
  return running.getStore()?.task;
}

/** The signal of the run, aborted at its soft limit or when it is cancelled; undefined outside any. */
export function currentTaskSignal(): AbortSignal | undefined {
  return running.getStore()?.signal?.();
}

/** Runs `fn`, and everything it awaits, as part of the task. */
export function runAsTask<T>(task: CurrentTask, fn: () => T, signal?: () => AbortSignal): T {
  return running.run({ task, signal }, fn);
}
