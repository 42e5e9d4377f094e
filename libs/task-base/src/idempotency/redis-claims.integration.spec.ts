import { randomUUID } from 'node:crypto';
import { RedisConnections, redisKeys } from '@bus/platform';
import { createRedisDatabase, waitFor } from '@bus/testing';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import type { WorkClaim } from './claim-store.ts';
import { RedisClaims } from './redis-claims.ts';

describe('RedisClaims', () => {
  let connections: RedisConnections;
  let claims: RedisClaims;

  beforeAll(async () => {
    connections = new RedisConnections({ REDIS_URL: await createRedisDatabase(inject('redisUrl')) });
    claims = new RedisClaims(connections.commands);
  });
  afterAll(() => connections.closeAll());

  const claimOf = (changes: Partial<WorkClaim> = {}): WorkClaim => ({
    key: randomUUID(),
    taskName: 'spec',
    scope: 'global',
    jobId: 'job-1',
    fence: 1,
    claimId: randomUUID(),
    leaseMs: 60_000,
    ttlMs: 60_000,
    ...changes,
  });
  const another = (claim: WorkClaim, changes: Partial<WorkClaim> = {}): WorkClaim => ({
    ...claim,
    claimId: randomUUID(),
    jobId: 'job-2',
    ...changes,
  });

  it('gives the work to one of many, and then its outcome to all, for as long as it stands', async () => {
    const claim = claimOf({ ttlMs: 400 });
    await claims.claim(claim);
    const others = await Promise.all(Array.from({ length: 20 }, () => claims.claim(another(claim))));
    expect(others.every(({ state }) => state === 'running')).toBe(true);
    expect(await claims.commit(claim, { text: 'é', list: [null] })).toBe(true);
    expect(await claims.claim(another(claim))).toMatchObject({
      state: 'done',
      result: { text: 'é', list: [null] },
    });
    expect(await claims.outcome(claim.key)).toEqual({ result: { text: 'é', list: [null] } });
    await waitFor(async () => (await claims.claim(another(claim))).state === 'claimed');
  });

  it('lets a later start of the same job take over, and refuses everything of the earlier one', async () => {
    const claim = claimOf();
    await claims.claim(claim);
    const later = another(claim, { jobId: claim.jobId, fence: 2 });
    expect(await claims.claim(later)).toEqual({ state: 'claimed' });
    expect(await claims.renew(claim)).toBe(false);
    expect(await claims.beginStep(claim, 'send')).toBe('superseded');
    expect(await claims.commit(claim, 'stale')).toBe(false);
    await claims.release(claim);
    expect(await claims.claim(another(claim))).toEqual({ state: 'running' });
    expect(await claims.claim(another(claim, { jobId: claim.jobId, fence: 1 }))).toEqual({
      state: 'running',
    });
    expect(await claims.commit(later, 'fresh')).toBe(true);
    expect(await claims.commit(claim, 'stale')).toBe(false);
    expect(await claims.outcome(claim.key)).toEqual({ result: 'fresh' });
  });

  it('refuses a commit when Redis has lost the record: whether others have run is not known', async () => {
    const claim = claimOf();
    await claims.claim(claim);
    await connections.commands.del(redisKeys.idempotencyRecord(claim.key));
    expect(await claims.commit(claim, 'late')).toBe(false);
  });

  it('gives the work of a vanished run to others once its lease has run out, not while it renews', async () => {
    const claim = claimOf({ leaseMs: 2_000 });
    await claims.claim(claim);
    expect(await claims.renew({ ...claim, leaseMs: 60_000 })).toBe(true);
    expect(await claims.claim(another(claim))).toEqual({ state: 'running' });
    await claims.renew({ ...claim, leaseMs: 1 });
    await waitFor(async () => (await claims.claim(another(claim))).state === 'claimed');
    expect(await claims.commit(claim, 'late')).toBe(false);
  });

  it('lets others claim what failed, and may be asked the same twice', async () => {
    const claim = claimOf();
    expect(await claims.claim(claim)).toEqual({ state: 'claimed' });
    expect(await claims.claim(claim)).toEqual({ state: 'claimed' });
    await claims.release(claim);
    await claims.release(claim);
    const next = another(claim);
    expect(await claims.claim(next)).toEqual({ state: 'claimed' });
    expect([await claims.commit(next, 1), await claims.commit(next, 1)]).toEqual([true, true]);
  });

  it('remembers each step over the attempts', async () => {
    const claim = claimOf();
    await claims.claim(claim);
    expect(await claims.beginStep(claim, 'charge')).toBe('begun');
    expect(await claims.beginStep(claim, 'charge')).toBe('begun');
    await claims.endStep(claim, 'charge', true);
    expect(await claims.beginStep(claim, 'mail')).toBe('begun');
    await claims.endStep(claim, 'mail', false);
    expect(await claims.beginStep(claim, 'print')).toBe('begun');
    await claims.release(claim);

    const retry = another(claim, { jobId: claim.jobId, fence: 2 });
    await claims.claim(retry);
    expect(await claims.beginStep(retry, 'charge')).toBe('done');
    expect(await claims.beginStep(retry, 'mail')).toBe('begun');
    expect(await claims.beginStep(retry, 'print')).toBe('in_doubt');
    await claims.endStep(claim, 'print', true);
    expect(await claims.beginStep(retry, 'print')).toBe('done');
  });

  it('leaves no record that never expires', async () => {
    const claim = claimOf({ ttlMs: 5_000, leaseMs: 90_000 });
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
