import { currentScope } from '@bus/observability';
import type { TaskRun } from '../chain/task-run.ts';
import type { TaskSteps } from '../idempotency/task-steps.ts';

/** The task a piece of code runs for. */
export interface CurrentTask {
  readonly taskId: string;
  readonly taskName: string;
  /** Only of tasks with an idempotency rule. */
  readonly steps?: TaskSteps | undefined;
}

/** A run as the work of a scope (`WorkScope.work`), so that what a handler calls can ask for which task it works. */
export class TaskWork {
  private readonly run: TaskRun;

  constructor(run: TaskRun) {
    this.run = run;
  }

  get task(): CurrentTask {
    const { jobId, taskName, steps } = this.run;
    return { taskId: jobId, taskName, steps };
  }

  get signal(): AbortSignal {
    return this.run.control.signal;
  }
}

/** The task that is running, or undefined outside any. */
export function currentTask(): CurrentTask | undefined {
  return currentWork()?.task;
}

/** The signal of the run, aborted at its soft limit or when it is cancelled; undefined outside any. */
export function currentTaskSignal(): AbortSignal | undefined {
  return currentWork()?.signal;
}

function currentWork(): TaskWork | undefined {
  const work = currentScope()?.work;
  return work instanceof TaskWork ? work : undefined;
}
