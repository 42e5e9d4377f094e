import { redisKeys } from '@bus/platform';
import type { RedisConnection } from '@bus/platform';
import { BEGIN_STEP, CLAIM, COMMIT, END_STEP, RELEASE, REMEMBER, RENEW } from './claim-scripts.lua.ts';
import type { ClaimAnswer, ClaimStore, StepAnswer, WorkClaim } from './claim-store.ts';

interface ClaimCommands {
  busClaim(...args: (string | number)[]): Promise<['claimed' | 'running'] | ['done', string, number]>;
  busRenewClaim(...args: (string | number)[]): Promise<number>;
  busCommitClaim(...args: (string | number)[]): Promise<number>;
  busReleaseClaim(...args: (string | number)[]): Promise<number>;
  busBeginStep(...args: (string | number)[]): Promise<StepAnswer>;
  busEndStep(...args: (string | number)[]): Promise<number>;
  busRememberOutcome(...args: (string | number)[]): Promise<number>;
}

/** Claims in Redis: one key and one round trip each. What Redis loses is forgotten, and the work may be done again. */
export class RedisClaims implements ClaimStore {
  readonly #connection: RedisConnection;
  readonly #commands: ClaimCommands;

  constructor(connection: RedisConnection) {
    const scripts = {
      busClaim: CLAIM,
      busRenewClaim: RENEW,
      busCommitClaim: COMMIT,
      busReleaseClaim: RELEASE,
    };
    const others = { busBeginStep: BEGIN_STEP, busEndStep: END_STEP, busRememberOutcome: REMEMBER };
    for (const [name, lua] of Object.entries({ ...scripts, ...others })) {
      connection.defineCommand(name, { numberOfKeys: 1, lua });
    }
    this.#connection = connection;
    this.#commands = connection as unknown as ClaimCommands;
  }

  async claim({ key, claimId, jobId, fence, leaseMs, ttlMs }: WorkClaim): Promise<ClaimAnswer> {
    const [state, result, expiresInMs] = await this.#commands.busClaim(
      redisKeys.idempotencyRecord(key),
      claimId,
      jobId,
      fence,
      leaseMs,
      ttlMs,
    );
    if (state !== 'done') return { state };
    return { state, result: JSON.parse(result ?? 'null') as unknown, expiresInMs: expiresInMs ?? 0 };
  }

  async renew({ key, claimId, leaseMs, ttlMs }: WorkClaim): Promise<boolean> {
    const record = redisKeys.idempotencyRecord(key);
    return (await this.#commands.busRenewClaim(record, claimId, leaseMs, ttlMs)) === 1;
  }

  async commit({ key, claimId, ttlMs }: WorkClaim, result: unknown): Promise<boolean> {
    const record = redisKeys.idempotencyRecord(key);
    return (await this.#commands.busCommitClaim(record, claimId, JSON.stringify(result), ttlMs)) === 1;
  }

  async release({ key, claimId }: WorkClaim): Promise<void> {
    await this.#commands.busReleaseClaim(redisKeys.idempotencyRecord(key), claimId);
  }

  beginStep({ key, claimId }: WorkClaim, step: string): Promise<StepAnswer> {
    return this.#commands.busBeginStep(redisKeys.idempotencyRecord(key), claimId, `step:${step}`);
  }

  async endStep({ key, claimId }: WorkClaim, step: string, hasHappened: boolean): Promise<void> {
    const record = redisKeys.idempotencyRecord(key);
    await this.#commands.busEndStep(record, claimId, `step:${step}`, hasHappened ? '1' : '0');
  }

  /** The outcome of the work when Redis knows it. */
  async outcome(key: string): Promise<{ readonly result: unknown } | undefined> {
    const record = redisKeys.idempotencyRecord(key);
    const [state, result] = await this.#connection.hmget(record, 'state', 'result');
    return state === 'done' ? { result: JSON.parse(result ?? 'null') as unknown } : undefined;
  }

  /** Keeps an outcome that another store has decided. */
  async remember(key: string, result: unknown, ttlMs: number): Promise<void> {
    const record = redisKeys.idempotencyRecord(key);
    await this.#commands.busRememberOutcome(record, JSON.stringify(result), Math.max(1, Math.floor(ttlMs)));
  }
}
