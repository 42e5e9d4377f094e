import { Metrics } from '@bus/observability';
import { RedisConnections } from '@bus/platform';
import { startRedis, type RedisServer } from '@bus/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { TaskClient } from '../client/task-client.ts';
import { testTask } from '../fixtures/test-tasks.fixture.ts';
import { JobAdmin } from './job-admin.ts';
import type { JobSearch } from './job-search.ts';
import { jobKey, queueKey } from './stored-jobs.ts';

/** Of its own, because it is asked which commands it has carried out. */
let redis: RedisServer;
let connections: RedisConnections;
let jobs: JobAdmin;

beforeAll(async () => {
  redis = await startRedis({ appendOnly: false });
  connections = new RedisConnections({ REDIS_URL: redis.url });
  jobs = new JobAdmin(connections.commands);
});
afterAll(async () => {
  await connections.closeAll();
  await redis.stop();
});

/** A job as any client of Redis could have written it. */
async function put(jobId: string, data: string, queue: 'email' | 'reports' = 'email'): Promise<void> {
  await connections.commands.hset(jobKey({ queue, jobId }), {
    name: jobId.split('-')[0],
    data,
    opts: '{}',
    timestamp: '1',
  });
  await connections.commands.zadd(queueKey(queue, 'prioritized'), 2 ** 33, jobId);
}

const params = (fields: object): string =>
  JSON.stringify({ params: fields, meta: { correlation_id: 'c', enqueued_at: '' } });

const found = async (search: Omit<JobSearch, 'limit'>): Promise<string[]> =>
  (await jobs.find({ ...search, limit: 100 })).jobs.map(({ jobId }) => jobId).toSorted();

describe('by parameter', () => {
  beforeEach(async () => {
    await connections.commands.flushdb();
    await put('a-1', params({ tenant_id: 7, name: 'Ümläut "quoted"', open: true, note: null, size: 0.5 }));
    await put('a-2', params({ tenant_id: '7', other: { tenant_id: 9 } }));
    await put('b-3', params({ tenant_id: 77, items: [{ id: 'x' }, { id: 'y', tags: ['red'] }] }), 'reports');
    await put('b-4', 'tenant_id":7 but no JSON');
    await put('b-5', JSON.stringify({ elsewhere: { tenant_id: 7 } }));
  });

  it.each<[Record<string, string>, string[]]>([
    [{ tenant_id: '7' }, ['a-1', 'a-2']],
    [{ tenant_id: '77' }, ['b-3']],
    [{ name: 'Ümläut "quoted"' }, ['a-1']],
    [{ name: 'Ümläut' }, []],
    [{ open: 'true' }, ['a-1']],
    [{ note: 'null' }, ['a-1']],
    [{ size: '.5' }, ['a-1']],
    [{ 'other.tenant_id': '9' }, ['a-2']],
    [{ 'items.id': 'y' }, ['b-3']],
    [{ 'items.0.id': 'x' }, ['b-3']],
    [{ 'items.1.id': 'x' }, []],
    [{ 'items.tags': 'red' }, ['b-3']],
    [{ tenant_id: '7', open: 'true' }, ['a-1']],
    [{ missing: '7' }, []],
  ])('%j', async (wanted, expected) => {
    expect(await found({ params: wanted })).toEqual(expected);
  });

  it('within one task, queue or state only', async () => {
    expect(await found({ taskName: 'a' })).toEqual(['a-1', 'a-2']);
    expect(await found({ taskName: 'b', queues: ['reports'] })).toEqual(['b-3']);
    expect(await found({ states: ['failed'] })).toEqual([]);
    expect(await found({ states: ['prioritized'], params: { tenant_id: '77' } })).toEqual(['b-3']);
  });

  it('refuses a path with an empty step', async () => {
    await expect(jobs.find({ params: { 'a..b': '1' }, limit: 1 })).rejects.toMatchObject({
      code: 'TASK_SEARCH_INVALID',
      isRetryable: false,
    });
  });

  it('shows what is no job of ours without its secrets, and is not stopped by what is no job at all', async () => {
    await put('odd-1', '{"password":"canary", broken');
    await connections.commands.zadd(queueKey('email', 'prioritized'), 1, 'wait');
    await connections.commands.lpush(queueKey('email', 'wait'), 'odd-1');
    const { jobs: views } = await jobs.find({ queues: ['email'], limit: 100 });
    expect(JSON.stringify(views)).not.toContain('canary');
    expect(views.map(({ jobId }) => jobId)).toContain('odd-1');
  });
});

describe('in every state', () => {
  beforeEach(() => connections.commands.flushdb());

  it('finds waiting jobs in the order they will run and finished ones latest first', async () => {
    const { commands } = connections;
    for (const id of ['t-1', 't-2', 't-3']) {
      await put(id, params({ id }));
      await commands.zrem(queueKey('email', 'prioritized'), id);
    }
    const order = async () => (await jobs.find({ taskName: 't', limit: 10 })).jobs.map(({ jobId }) => jobId);
    await commands.lpush(queueKey('email', 'wait'), 't-1', 't-2', 't-3');
    expect(await order()).toEqual(['t-1', 't-2', 't-3']);
    await commands.del(queueKey('email', 'wait'));
    await commands.zadd(queueKey('email', 'failed'), 1, 't-1', 2, 't-2', 3, 't-3');
    expect(await order()).toEqual(['t-3', 't-2', 't-1']);
  });

  it('says whether there are more than were asked for', async () => {
    for (const id of ['t-1', 't-2', 't-3']) await put(id, params({}));
    expect(await jobs.find({ limit: 2 })).toMatchObject({ isCut: true, jobs: { length: 2 } });
    expect(await jobs.find({ limit: 3 })).toMatchObject({ isCut: false, jobs: { length: 3 } });
  });
});

describe('among many jobs', () => {
  const task = testTask('many');

  beforeAll(async () => {
    await connections.commands.flushdb();
    const client = new TaskClient(connections, new Metrics({ app: 'spec', instance: 'spec' }));
    const items = Array.from({ length: 5_000 }, (_, number) => ({
      params: { text: `text ${number % 1_000}`, number },
      jobId: String(number),
      correlationId: `c-${number}`,
    }));
    await client.enqueueMany(task, items);
  }, 60_000);

  it('finds each of them, once, over as many calls as it takes', async () => {
    expect(await found({ params: { number: '4999' } })).toEqual(['many-4999']);
    expect(await found({ correlationId: 'c-17' })).toEqual(['many-17']);
    expect(await found({ params: { text: 'text 5' } })).toEqual([
      'many-1005',
      'many-2005',
      'many-3005',
      'many-4005',
      'many-5',
    ]);
    const all = await jobs.find({ taskName: 'many', limit: 10_000 });
    expect(new Set(all.jobs.map(({ jobId }) => jobId)).size).toBe(5_000);
  });

  it('reads no job of another task when it searches by name', async () => {
    await connections.commands.config('RESETSTAT');
    await found({ taskName: 'other', params: { number: '1' } });
    expect(await connections.commands.info('commandstats')).not.toMatch(/cmdstat_hget:/);
  });

  it('leaves other clients their turn, however large the jobs are', async () => {
    const large = 'x'.repeat(1_500_000);
    for (let number = 0; number < 6; number += 1) await put(`large-${number}`, params({ large }), 'reports');
    await connections.commands.config('RESETSTAT');
    await found({ queues: ['reports'], params: { large: 'y' } });
    const calls = Number(
      /cmdstat_eval:calls=(\d+)/.exec(await connections.commands.info('commandstats'))?.[1],
    );
    // Three of them fill a call, so that six need more than one; one more finds nothing left, in one state of six.
    expect(calls).toBeGreaterThan(7);
  });
});
