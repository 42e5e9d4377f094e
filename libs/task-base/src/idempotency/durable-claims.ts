import type { Logger } from '@nestjs/common';
import { RepeatedWarnings } from '../repeated-warnings.ts';
import { IdempotencyUnavailableError } from '../task-base.errors.ts';
import type { ClaimAnswer, ClaimStore, IdempotencyStore, StepAnswer, WorkClaim } from './claim-store.ts';
import type { RedisClaims } from './redis-claims.ts';

/**
 * Claims that outlive Redis. Redis answers first when it knows the outcome; everything else is decided by the durable store,
 * and an outcome is there before it is in Redis. While the store is away nothing is claimed: a durable task waits
 * rather than runs unprotected.
 *
 * Every method of the store rejects with IdempotencyUnavailableError when the store does.
 */
export class DurableClaims implements ClaimStore {
  readonly #store: IdempotencyStore;
  readonly #redis: RedisClaims;
  readonly #warnings: RepeatedWarnings;

  constructor(store: IdempotencyStore, redis: RedisClaims, logger: Logger) {
    this.#store = store;
    this.#redis = redis;
    this.#warnings = new RepeatedWarnings(logger);
  }

  async claim(claim: WorkClaim): Promise<ClaimAnswer> {
    const known = await this.#redis.outcome(claim.key);
    if (known !== undefined) return { state: 'done', result: known.result, expiresInMs: claim.ttlMs };
    const answer = await decided(this.#store.claim(claim));
    if (answer.state === 'done') await this.#remember(claim, answer.result, answer.expiresInMs);
    return answer;
  }

  async commit(claim: WorkClaim, result: unknown): Promise<boolean> {
    const isOutcome = await decided(this.#store.commit(claim, result));
    if (isOutcome) await this.#remember(claim, result, claim.ttlMs);
    return isOutcome;
  }

  renew(claim: WorkClaim): Promise<boolean> {
    return decided(this.#store.renew(claim));
  }

  release(claim: WorkClaim): Promise<void> {
    return decided(this.#store.release(claim));
  }

  beginStep(claim: WorkClaim, step: string): Promise<StepAnswer> {
    return decided(this.#store.beginStep(claim, step));
  }

  endStep(claim: WorkClaim, step: string, hasHappened: boolean): Promise<void> {
    return decided(this.#store.endStep(claim, step, hasHappened));
  }

  /** Only saves the next duplicate the way to the store, so a Redis that does not take it changes nothing. */
  async #remember(claim: WorkClaim, result: unknown, ttlMs: number): Promise<void> {
    try {
      await this.#redis.remember(claim.key, result, ttlMs);
    } catch (error) {
      this.#warnings.warn(`outcome of ${claim.taskName} not remembered in Redis`, error);
    }
  }
}

async function decided<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    throw new IdempotencyUnavailableError(error);
  }
}
