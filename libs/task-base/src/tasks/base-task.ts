import type { TaskContext } from './task-context.ts';

/**
 * A task's handler: one injectable class marked with `@Task(DEFINITION)`. One instance runs many jobs at once, so it keeps
 * nothing of a job in its fields.
 *
 * `run` must be safe to repeat: a job is delivered at least once (`ctx.isRedelivery`). What it throws is retried by the
 * task's policy unless the error carries `isRetryable: false`.
 */
export abstract class BaseTask<P extends object, R = void> {
  abstract run(params: P, ctx: TaskContext): Promise<R>;
}
