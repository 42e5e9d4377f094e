import { redisKeys } from '@bus/platform';
import { createRedisDatabase, waitFor } from '@bus/testing';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { CircuitOpenError } from '@bus/circuit-breaker';
import { handlerOf, idempotentTask, testTask } from '../fixtures/test-tasks.fixture.ts';
import { startTestWorker } from '../fixtures/test-worker.fixture.ts';
import type { TestWorker } from '../fixtures/test-worker.fixture.ts';
import type { TaskDefinition } from '../tasks/define-task.ts';
import { JobAdmin } from './job-admin.ts';
import { QueueAdmin } from './queue-admin.ts';

const refused = testTask('refused');
const once = idempotentTask('once');
const tellsToken = testTask('tells_token');
const PATIENCE = { timeoutMs: 60_000 };

let worker: TestWorker;
let jobs: JobAdmin;
let isBroken = false;

beforeAll(async () => {
  worker = await startTestWorker({
    redisUrl: await createRedisDatabase(inject('redisUrl')),
    handlers: [
      handlerOf(refused, () => Promise.reject(new CircuitOpenError('smtp', 3_600_000))),
      handlerOf(once, ({ text }) =>
        isBroken ? Promise.reject(new Error('broken')) : Promise.resolve({ for: text }),
      ),
      handlerOf(tellsToken, (_params, ctx) => Promise.resolve(ctx.fencingToken)),
    ],
    catalog: [refused, once, tellsToken] as TaskDefinition[],
  });
  jobs = new JobAdmin(worker.connections.commands, [refused, once, tellsToken] as TaskDefinition[]);
});
afterAll(() => worker.close());

const inState = (jobId: string, state: string) =>
  waitFor(async () => {
    const job = await jobs.show(jobId);
    return job?.state === state && job;
  }, PATIENCE);

describe('a parked job', () => {
  it('says for which service it waits, and is counted', async () => {
    const { jobId } = await worker.client.enqueue(refused, { text: 'x' }, { jobId: 'parked' });
    const job = await waitFor(async () => {
      const now = await jobs.show(jobId);
      return now?.parking && now;
    }, PATIENCE);
    expect(job).toMatchObject({ state: 'delayed', attempts: 0, parking: { service: 'smtp' } });
    expect((await jobs.steps(jobId)).steps.map(({ what }) => what)).toContain('parked');
    expect(await new QueueAdmin(worker.connections.commands).parked()).toEqual([
      { queue: 'critical', service: 'smtp', jobs: 1 },
    ]);
  });

  it.each(['{broken', 'null', '[]', '{"service":5}', '{"service":"smtp"}'])(
    'is shown also when what is kept of it reads %s',
    async (text) => {
      await worker.connections.commands.hset(redisKeys.parkedReasons('critical'), 'refused-parked', text);
      expect(await jobs.show('refused-parked')).toMatchObject({ state: 'delayed', parking: null });
    },
  );
});

describe('the fencing token', () => {
  it('is the one the latest run had; there is none before the first', async () => {
    const { jobId } = await worker.client.enqueue(tellsToken, { text: 'x' });
    const job = await inState(jobId, 'completed');
    expect(job.fencingToken).toBe(job.result);
    const later = await worker.client.enqueue(tellsToken, { text: 'x' }, { delayMs: 3_600_000 });
    expect((await jobs.show(later.jobId))?.fencingToken).toBeNull();
  });
});

describe('a cancel', () => {
  it('is remembered of a job that is gone, and is not one of the same id enqueued later', async () => {
    const again = () =>
      worker.client.enqueue(tellsToken, { text: 'x' }, { jobId: 'back', delayMs: 3_600_000 });
    const { jobId } = await again();
    await worker.client.cancel({ jobId, queue: 'critical' }, { by: 'ann', reason: 'password=canary' });
    expect(await jobs.show(jobId)).toBeUndefined();
    const gone = await jobs.cancellation(jobId);
    expect(gone).toMatchObject({ queue: 'critical', jobId, cancellation: { by: 'ann', was: 'delayed' } });
    const { steps } = await jobs.steps(jobId);
    expect(steps.map(({ what }) => what)).toEqual(['cancel-asked', 'cancelled']);
    expect(steps[0]).toMatchObject({ taskName: 'tells_token', detail: 'by ann: password=[redacted]' });
    // A request is known by its millisecond.
    await waitFor(() => Date.now() > (gone?.cancellation.settledAt?.getTime() ?? 0));
    await again();
    expect(await jobs.show(jobId)).toMatchObject({ state: 'delayed', cancellation: null });
    expect(await jobs.cancellation('tells_token-never')).toBeUndefined();
  });
});

describe('the work record', () => {
  it('tells whose outcome the jobs for one piece of work have', async () => {
    const { jobId } = await worker.client.enqueue(once, { text: 'tea' });
    const first = await inState(jobId, 'completed');
    const record = await jobs.workRecord(first);
    expect(record).toMatchObject({ state: 'done', jobId });
    expect(record?.expiresAt?.getTime()).toBeGreaterThan(Date.now() + 3_000_000);
    const other = await worker.client.enqueue(once, { text: 'tea' }, { jobId: 'named' });
    expect(await jobs.workRecord(await inState(other.jobId, 'completed'))).toMatchObject({ jobId });
    // A slot of a schedule is work of its own.
    const slot = await worker.client.enqueue(once, { text: 'tea' }, { jobId: 'slot', scheduleRunId: '17' });
    const scheduled = await inState(slot.jobId, 'completed');
    expect(scheduled.scheduleRunId).toBe('17');
    expect(await jobs.workRecord(scheduled)).toMatchObject({ state: 'done', jobId: slot.jobId });
  });

  it('tells of work that failed, and is there for idempotent tasks only', async () => {
    isBroken = true;
    const { jobId } = await worker.client.enqueue(once, { text: 'coffee' });
    const failed = await inState(jobId, 'failed');
    expect(await jobs.workRecord(failed)).toMatchObject({ state: 'failed', jobId });
    const plain = await worker.client.enqueue(tellsToken, { text: 'x' });
    expect(await jobs.workRecord(await inState(plain.jobId, 'completed'))).toBeUndefined();
    expect(await jobs.workRecord({ ...failed, taskName: 'unknown' })).toBeUndefined();
    await worker.connections.commands.hset(`bus:{critical}:critical:${jobId}`, 'data', '{broken');
    expect(await jobs.workRecord(failed)).toBeUndefined();
  });
});
