import { randomUUID } from 'node:crypto';
import { createDatabase, waitFor } from '@bus/testing';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { migratedDatabase, openPool, type TestDatabase } from '../fixtures/test-database.fixture.ts';
import { IdempotencyQueries, type WorkClaim } from './idempotency.queries.ts';

describe('IdempotencyQueries', () => {
  let database: TestDatabase;
  let records: IdempotencyQueries;

  beforeAll(async () => {
    database = await migratedDatabase(await createDatabase(inject('databaseUrl')));
    records = new IdempotencyQueries(database.pool);
  });
  afterAll(() => database.close());

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

  it('gives the work to one of many who claim at once, over several connections', async () => {
    const pool = openPool(database.url, 20);
    const crowded = new IdempotencyQueries(pool);
    const first = claimOf();
    const answers = await Promise.all(
      Array.from({ length: 40 }, (_, index) => crowded.claim(another(first, { jobId: `job-${index}` }))),
    );
    expect(answers.filter(({ state }) => state === 'claimed')).toHaveLength(1);
    expect(answers.filter(({ state }) => state === 'running')).toHaveLength(39);
    await pool.end();
  });

  it('answers with the outcome while it stands', async () => {
    const claim = claimOf();
    await records.claim(claim);
    for (const result of [{ sum: 1e308, text: 'é', list: [null, false] }]) {
      expect(await records.commit(claim, result)).toBe(true);
      expect(await records.claim(another(claim))).toMatchObject({ state: 'done', result });
    }
  });

  it('keeps an outcome of nothing apart from no outcome', async () => {
    const claim = claimOf();
    await records.claim(claim);
    await records.commit(claim, null);
    expect(await records.claim(another(claim))).toMatchObject({ state: 'done', result: null });
  });

  it('forgets an outcome whose time is over, and its steps with it', async () => {
    const claim = claimOf({ ttlMs: 30, leaseMs: 10 });
    await records.claim(claim);
    await records.commit(claim, 'first');
    const later = another(claim);
    await waitFor(async () => (await records.claim(later)).state === 'claimed');
    expect(await records.beginStep(later, 'send')).toBe('begun');
  });

  it('lets a later start of the same job take over, and refuses everything of the earlier one', async () => {
    const claim = claimOf();
    await records.claim(claim);
    const later = another(claim, { jobId: claim.jobId, fence: 2 });
    expect(await records.claim(later)).toEqual({ state: 'claimed' });
    expect(await records.renew(claim)).toBe(false);
    expect(await records.beginStep(claim, 'send')).toBe('superseded');
    expect(await records.commit(claim, 'stale')).toBe(false);
    await records.release(claim);
    expect(await records.claim(another(claim))).toEqual({ state: 'running' });
    expect(await records.claim(another(claim, { jobId: claim.jobId, fence: 1 }))).toEqual({
      state: 'running',
    });
    expect(await records.commit(later, 'fresh')).toBe(true);
    expect(await records.commit(claim, 'stale')).toBe(false);
    expect(await records.claim(another(claim))).toMatchObject({ state: 'done', result: 'fresh' });
  });

  it('gives the work of a vanished run to others once its lease has run out, not while it renews', async () => {
    const claim = claimOf({ leaseMs: 2_000 });
    await records.claim(claim);
    expect(await records.renew({ ...claim, leaseMs: 60_000 })).toBe(true);
    expect(await records.claim(another(claim))).toEqual({ state: 'running' });
    await records.renew({ ...claim, leaseMs: 1 });
    await waitFor(async () => (await records.claim(another(claim))).state === 'claimed');
    expect(await records.commit(claim, 'late')).toBe(false);
  });

  it('lets others claim what failed, and may be asked the same twice', async () => {
    const claim = claimOf();
    expect(await records.claim(claim)).toEqual({ state: 'claimed' });
    expect(await records.claim(claim)).toEqual({ state: 'claimed' });
    await records.release(claim);
    await records.release(claim);
    const next = another(claim);
    expect(await records.claim(next)).toEqual({ state: 'claimed' });
    expect([await records.commit(next, 1), await records.commit(next, 1)]).toEqual([true, true]);
  });

  it('remembers each step over the attempts', async () => {
    const claim = claimOf();
    await records.claim(claim);
    expect(await records.beginStep(claim, 'charge')).toBe('begun');
    expect(await records.beginStep(claim, 'charge')).toBe('begun');
    await records.endStep(claim, 'charge', true);
    expect(await records.beginStep(claim, 'mail')).toBe('begun');
    await records.endStep(claim, 'mail', false);
    expect(await records.beginStep(claim, 'print')).toBe('begun');
    await records.release(claim);

    const retry = another(claim, { jobId: claim.jobId, fence: 2 });
    await records.claim(retry);
    expect(await records.beginStep(retry, 'charge')).toBe('done');
    expect(await records.beginStep(retry, 'mail')).toBe('begun');
    expect(await records.beginStep(retry, 'print')).toBe('in_doubt');
    await records.endStep(claim, 'print', true);
    expect(await records.beginStep(retry, 'print')).toBe('done');
  });

  it('purges what has expired, at most as much as asked, and nothing that somebody may still come back to', async () => {
    const done = [claimOf({ ttlMs: 1 }), claimOf({ ttlMs: 1 }), claimOf({ ttlMs: 1 })];
    const running = claimOf({ ttlMs: 1, leaseMs: 1 });
    const standing = claimOf();
    for (const claim of [...done, standing]) {
      await records.claim(claim);
      await records.commit(claim, 'x');
    }
    await records.claim(running);
    const count = async () => {
      const keys = [...done, running, standing].map(({ key }) => key);
      const { rowCount } = await database.pool.query(
        'select from idempotency_records where key = any($1) and (state <> $2 or expires_at > now())',
        [keys, 'done'],
      );
      return rowCount;
    };
    await waitFor(async () => (await count()) === 2);
    const before = await total();
    expect(await records.purgeExpired(2)).toBe(2);
    expect(await total()).toBe(before - 2);
    while ((await records.purgeExpired(100)) > 0);
    expect(await count()).toBe(2);
    await database.pool.query(
      `update idempotency_records set expires_at = now() - interval '2 days' where key = $1`,
      [running.key],
    );
    expect(await records.purgeExpired(100)).toBe(1);
  });

  async function total(): Promise<number> {
    const { rowCount } = await database.pool.query('select from idempotency_records');
    return rowCount ?? 0;
  }
});
