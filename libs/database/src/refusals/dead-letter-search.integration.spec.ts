import { createDatabase } from '@bus/testing';
import type { Pool } from 'pg';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { migratedDatabase, openPool, type TestDatabase } from '../fixtures/test-database.fixture.ts';
import { DeadLetterQueries, type DeadLetter } from './dead-letter.queries.ts';
import type { DeadLetterSearch } from './dead-letter-search.ts';

let database: TestDatabase;
let letters: DeadLetterQueries;

beforeAll(async () => {
  database = await migratedDatabase(await createDatabase(inject('databaseUrl')));
  letters = new DeadLetterQueries(database.pool);
});
afterAll(() => database.close());

const letter = (jobId: string, fields: Partial<DeadLetter> = {}): DeadLetter => ({
  queue: 'critical',
  taskName: 'process_device_alert',
  jobId,
  params: {},
  reason: 'TASK_FAILED',
  detail: 'connection refused',
  attempts: 6,
  correlationId: null,
  failedAt: new Date('2026-03-01T12:00:00.000Z'),
  ...fields,
});

describe('search', () => {
  beforeAll(async () => {
    await letters.record(letter('plain', { params: { tenant_id: 7, source_id: 'd1', urgent: true } }));
    await letters.record(letter('text', { params: { tenant_id: '7', note: '7', nothing: null } }));
    await letters.record(
      letter('nested', {
        taskName: 'process_device_telemetry',
        queue: 'external_api',
        reason: 'TASK_STALLED',
        correlationId: 'c-9',
        failedAt: new Date('2026-03-02T12:00:00.000Z'),
        params: {
          items: [
            { device_id: 'd1', site: { name: 'north' } },
            { device_id: 'd2', tags: ['a', 'b'] },
          ],
        },
      }),
    );
    await letters.record(letter('no-object', { params: 'a text' }));
  });

  const found = async (search: Omit<DeadLetterSearch, 'limit'>) =>
    (await letters.search({ ...search, limit: 10 })).map(({ jobId }) => jobId);

  it.each<[string, Omit<DeadLetterSearch, 'limit'>, string[]]>([
    ['the job', { jobId: 'text' }, ['text']],
    ['queue and reason', { queue: 'external_api', reason: 'TASK_STALLED' }, ['nested']],
    ['the task', { taskName: 'process_device_telemetry' }, ['nested']],
    ['the correlation id', { correlationId: 'c-9' }, ['nested']],
    ['the tenant, a number or a text', { tenantId: '7' }, ['text', 'plain']],
    ['the time', { from: new Date('2026-03-02T00:00:00Z') }, ['nested']],
    ['the time, open at its end', { to: new Date('2026-03-02T12:00:00Z') }, ['no-object', 'text', 'plain']],
    ['a field', { params: { source_id: 'd1' } }, ['plain']],
    ['a field that is a number or a text', { params: { tenant_id: '7' } }, ['text', 'plain']],
    ['a field that is true', { params: { urgent: 'true' } }, ['plain']],
    ['a field that is null', { params: { nothing: 'null' } }, ['text']],
    ['several fields', { params: { tenant_id: '7', source_id: 'd1' } }, ['plain']],
    ['a field of any item', { params: { 'items.device_id': 'd2' } }, ['nested']],
    ['a field of an item by its place', { params: { 'items.0.device_id': 'd1' } }, ['nested']],
    ['a nested field of any item', { params: { 'items.site.name': 'north' } }, ['nested']],
    ['an item of a list', { params: { 'items.tags': 'b' } }, ['nested']],
    ['nothing that fits', { params: { source_id: 'd' } }, []],
    ['text that is no SQL', { params: { "x'); drop table dead_letters; --": "'" } }, []],
  ])('finds by %s', async (_what, search, expected) => {
    expect(await found(search)).toEqual(expected);
  });

  it('goes on where a page ended, and refuses a path without end', async () => {
    const [first] = await letters.search({ limit: 1 });
    const rest = await letters.search({ limit: 10, beforeId: first!.deadLetterId });
    expect(rest.map(({ jobId }) => jobId)).toEqual(['nested', 'text', 'plain']);
    await expect(letters.search({ params: { 'a.b.c.d.e.f.g': '1' }, limit: 1 })).rejects.toThrow(RangeError);
  });

  it('keeps letters with texts of any length', async () => {
    const long = 'x'.repeat(20_000);
    await letters.record(letter('long', { taskName: long, params: { tenant_id: long, other: long } }));
    expect(await found({ taskName: long, tenantId: long, params: { other: long } })).toEqual(['long']);
    expect(await found({ taskName: long.slice(1) })).toEqual([]);
  });

  it('opens again only what was requeued', async () => {
    const [kept] = await letters.search({ jobId: 'plain', limit: 1 });
    const id = kept!.deadLetterId;
    await letters.close(id, 'requeued', null);
    await letters.reopen(id);
    expect(await letters.find(id)).toMatchObject({ status: 'open', handledAt: null });
    await letters.close(id, 'discarded', null);
    await letters.reopen(id);
    expect(await letters.find(id)).toMatchObject({ status: 'discarded' });
    expect(await letters.find(1_000_000)).toBeUndefined();
  });
});

describe('among a hundred thousand letters', () => {
  /** What Postgres did, as it tells the connection that asked. */
  const notices: string[] = [];
  let pool: Pool;
  let explained: DeadLetterQueries;

  beforeAll(async () => {
    pool = openPool(database.url, 1);
    const client = await pool.connect();
    client.on('notice', ({ message }) => notices.push(message ?? ''));
    await client.query(`load 'auto_explain'`);
    await client.query('set auto_explain.log_min_duration = 0');
    await client.query('set auto_explain.log_analyze = on');
    await client.query('set client_min_messages = log');
    client.release();
    explained = new DeadLetterQueries(pool);
    await database.pool.query(`
      insert into dead_letters (queue, task_name, job_id, params, reason, detail, attempts, correlation_id, failed_at)
      select 'external_api', 'task_' || n % 50, 'job-' || n,
        jsonb_build_object('tenant_id', n % 500, 'device_id', 'device-' || n, 'payload', repeat('x', 200)),
        'REASON_' || n % 20, 'detail', 3, 'corr-' || n, timestamptz '2026-04-01' + n * interval '1 second'
      from generate_series(1, 100000) n`);
    await database.pool.query('analyze dead_letters');
  }, 120_000);
  afterAll(() => pool.end());

  it.each<[string, Omit<DeadLetterSearch, 'limit'>]>([
    ['job id', { jobId: 'job-5' }],
    ['task', { taskName: 'task_7' }],
    ['a task nobody has', { taskName: 'task_x' }],
    ['reason', { reason: 'REASON_3' }],
    ['tenant', { tenantId: '17' }],
    ['a field', { params: { device_id: 'device-77' } }],
    ['a field no letter has', { params: { colour: 'red' } }],
    ['correlation id', { correlationId: 'corr-9' }],
    ['time', { from: new Date('2026-04-01T00:00:00Z'), to: new Date('2026-04-01T00:01:00Z') }],
    [
      'queue, tenant and field',
      { queue: 'external_api', tenantId: '17', params: { device_id: 'device-17' } },
    ],
    ['nothing in particular', {}],
  ])('finds by %s through an index', async (_what, search) => {
    notices.length = 0;
    await explained.search({ ...search, limit: 50 });
    const plan = notices.join('\n');
    expect(plan).toMatch(/Index Scan/);
    expect(plan).not.toMatch(/Seq Scan/);
    // Rows that were read only to be thrown away again: an index that does not fit the question.
    const thrownAway = [...plan.matchAll(/Rows Removed by Filter: (\d+)/g)].map(([, rows]) => Number(rows));
    expect(Math.max(0, ...thrownAway)).toBeLessThan(10_000);
  });

  it('purges what was handled long ago without reading the others', async () => {
    notices.length = 0;
    await explained.purgeHandled(30, 10);
    expect(notices.join('\n')).toMatch(/Index Scan using dead_letters_handled_at_idx/);
    expect(notices.join('\n')).not.toMatch(/Seq Scan/);
  });
});
