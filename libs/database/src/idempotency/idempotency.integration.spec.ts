import { buildClaim, buildRivalClaim, CLAIM_STORE_CONTRACT, createDatabase, waitFor } from '@bus/testing';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { migratedDatabase, openPool, type TestDatabase } from '../fixtures/test-database.fixture.ts';
import { IdempotencyQueries } from './idempotency.queries.ts';

describe('IdempotencyQueries', () => {
  let database: TestDatabase;
  let records: IdempotencyQueries;

  beforeAll(async () => {
    database = await migratedDatabase(await createDatabase(inject('databaseUrl')));
    records = new IdempotencyQueries(database.pool);
  });
  afterAll(() => database.close());

  for (const { promise, check } of CLAIM_STORE_CONTRACT) it(promise, () => check(records));

  it('gives the work to one of many who claim at once, over several connections', async () => {
    const pool = openPool(database.url, 20);
    const crowded = new IdempotencyQueries(pool);
    const first = buildClaim();
    const answers = await Promise.all(
      Array.from({ length: 40 }, (_, index) =>
        crowded.claim(buildRivalClaim(first, { jobId: `job-${index}` })),
      ),
    );
    expect(answers.filter(({ state }) => state === 'claimed')).toHaveLength(1);
    expect(answers.filter(({ state }) => state === 'running')).toHaveLength(39);
    await pool.end();
  });

  it('purges what has expired, at most as much as asked, and nothing that somebody may still come back to', async () => {
    const done = [buildClaim({ ttlMs: 1 }), buildClaim({ ttlMs: 1 }), buildClaim({ ttlMs: 1 })];
    const running = buildClaim({ ttlMs: 1, leaseMs: 1 });
    const standing = buildClaim();
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
