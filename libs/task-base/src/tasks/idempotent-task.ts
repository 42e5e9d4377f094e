import { BaseTask } from './base-task.ts';
import { currentTask } from './current-task.ts';

/**
 * A task that can tell its side effects apart. Its catalog entry must have an idempotency rule: `@Task` of one without does not
 * compile, and a worker with one does not start.
 *
 * What is promised of such a task: one outcome per piece of work, which every duplicate gets, and which a run that was
 * superseded cannot change. What is not: that `run` is executed only once. It is repeated after a failure and after the
 * loss of a worker, and two runs may overlap for a moment. Side effects inside the store that keeps the outcome are safe by
 * `once`; those outside are as safe as `once` can make them.
 */
export abstract class IdempotentTask<P extends object, R = void> extends BaseTask<P, R> {
  /** Only for the compiler: what `@Task` recognises this class by. */
  declare readonly needsIdempotencyRule: true;

  /**
   * Does `fn` at most once for this piece of work, over all its attempts; resolves to whether it was done now. A rejection of
   * `fn` means that it has not happened: the next attempt does it again. When a worker dies within `fn`, nobody knows;
   * then this rejects with TaskStepInDoubtError, the job becomes a dead letter, and a person decides.
   *
   * @param step names the side effect within the task, in snake_case
   * @throws TaskStepInDoubtError (final), TaskSupersededError when another run has taken the work over
   */
  protected once(step: string, fn: () => Promise<unknown>): Promise<boolean> {
    const steps = currentTask()?.steps;
    if (steps === undefined) {
      return Promise.reject(new Error(`step '${step}' is outside a run of a task with an idempotency rule`));
    }
    return steps.once(step, fn);
  }
}
