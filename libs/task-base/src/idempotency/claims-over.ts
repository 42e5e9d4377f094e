import type { Logger } from '@nestjs/common';
import type { RedisConnection } from '@bus/platform';
import type { ClaimStore, IdempotencyStore } from './claim-store.ts';
import { DurableClaims } from './durable-claims.ts';
import type { IdempotencyRule } from './idempotency-rule.ts';
import { RedisClaims } from './redis-claims.ts';

/** Where the claims of a rule are kept: in Redis, and those of durable rules in `outcomes` too. */
export function claimsOver(
  connection: RedisConnection,
  outcomes: IdempotencyStore | undefined,
  logger: Logger,
): (rule: IdempotencyRule) => ClaimStore {
  const redis = new RedisClaims(connection);
  const durable = outcomes && new DurableClaims(outcomes, redis, logger);
  return ({ durable: isDurable }) => {
    if (!isDurable) return redis;
    if (durable === undefined) throw new Error('this worker has no store for durable outcomes');
    return durable;
  };
}
