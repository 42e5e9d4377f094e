import { RedisConnections, redisKeys } from '@bus/platform';
import {
  buildClaim,
  buildRivalClaim,
  CLAIM_STORE_CONTRACT,
  createRedisDatabase,
  waitFor,
} from '@bus/testing';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { RedisClaims } from './redis-claims.ts';

describe('RedisClaims', () => {
  let connections: RedisConnections;
  let claims: RedisClaims;

  beforeAll(async () => {
    connections = new RedisConnections({ REDIS_URL: await createRedisDatabase(inject('redisUrl')) });
    claims = new RedisClaims(connections.commands);
  });
  afterAll(() => connections.closeAll());

  for (const { promise, check } of CLAIM_STORE_CONTRACT) it(promise, () => check(claims));

  it('gives the work to one of many, and then its outcome to all, for as long as it stands', async () => {
    const claim = buildClaim({ ttlMs: 400 });
    await claims.claim(claim);
    const others = await Promise.all(Array.from({ length: 20 }, () => claims.claim(buildRivalClaim(claim))));
    expect(others.every(({ state }) => state === 'running')).toBe(true);
    expect(await claims.commit(claim, { text: 'é', list: [null] })).toBe(true);
    expect(await claims.claim(buildRivalClaim(claim))).toMatchObject({
      state: 'done',
      result: { text: 'é', list: [null] },
    });
    expect(await claims.outcome(claim.key)).toEqual({ result: { text: 'é', list: [null] } });
    await waitFor(async () => (await claims.claim(buildRivalClaim(claim))).state === 'claimed');
  });

  it('refuses a commit when Redis has lost the record: whether others have run is not known', async () => {
    const claim = buildClaim();
    await claims.claim(claim);
    await connections.commands.del(redisKeys.idempotencyRecord(claim.key));
    expect(await claims.commit(claim, 'late')).toBe(false);
  });

  it('leaves no record that never expires', async () => {
    const claim = buildClaim({ ttlMs: 5_000, leaseMs: 90_000 });
    const ttl = () => connections.commands.pttl(redisKeys.idempotencyRecord(claim.key));
    await claims.claim(claim);
    expect(await ttl()).toBeGreaterThan(5_000);
    await claims.renew(claim);
    await claims.beginStep(claim, 'send');
    expect(await ttl()).toBeGreaterThan(5_000);
    await claims.commit(claim, null);
    expect(await ttl()).toBeLessThanOrEqual(5_000);
    expect(await ttl()).toBeGreaterThan(0);
  });
});
