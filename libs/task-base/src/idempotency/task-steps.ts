import { TaskStepInDoubtError, TaskSupersededError } from '../task-base.errors.ts';
import type { ClaimStore, WorkClaim } from './claim-store.ts';
import { withPatience } from './with-patience.ts';

/** The named side effects of one run, see `IdempotentTask.once`. */
export class TaskSteps {
  readonly #store: ClaimStore;
  readonly #claim: WorkClaim;
  readonly #running = new Map<string, Promise<boolean>>();

  constructor(store: ClaimStore, claim: WorkClaim) {
    this.#store = store;
    this.#claim = claim;
  }

  once(step: string, fn: () => Promise<unknown>): Promise<boolean> {
    if (!/^[a-z][a-z0-9_]{0,63}$/.test(step)) {
      return Promise.reject(new RangeError(`step name '${step}' is not snake_case of at most 64 characters`));
    }
    let running = this.#running.get(step);
    if (running === undefined) {
      running = this.#attempt(step, fn);
      this.#running.set(step, running);
      running.catch(() => this.#running.delete(step));
    }
    return running;
  }

  async #attempt(step: string, fn: () => Promise<unknown>): Promise<boolean> {
    const { taskName } = this.#claim;
    const answer = await this.#store.beginStep(this.#claim, step);
    if (answer === 'done') return false;
    if (answer === 'in_doubt') throw new TaskStepInDoubtError(taskName, step);
    if (answer === 'superseded') throw new TaskSupersededError(taskName);
    try {
      await fn();
    } catch (error) {
      // If this is not noted either, the step stays in doubt, which is the safe side; the failure itself says more.
      await this.#store.endStep(this.#claim, step, false).catch(() => undefined);
      throw error;
    }
    await withPatience(() => this.#store.endStep(this.#claim, step, true));
    return true;
  }
}
