import { createRedisDatabase, waitFor } from '@bus/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { closedGate } from '../fixtures/gate.fixture.ts';
import { handlerOf, testTask } from '../fixtures/test-tasks.fixture.ts';
import { startTestWorker } from '../fixtures/test-worker.fixture.ts';
import type { TestWorker } from '../fixtures/test-worker.fixture.ts';
import type { TaskDefinition } from '../tasks/define-task.ts';
import { JobAdmin } from './job-admin.ts';
import { jobKey } from './stored-jobs.ts';

const works = testTask('works');
const fails = testTask('fails', { retry: { retries: 1, backoffMs: 10, maxBackoffMs: 20 } });
const waits = testTask('waits');
const gate = closedGate();

let worker: TestWorker;
let jobs: JobAdmin;
let isBroken = true;

beforeAll(async () => {
  worker = await startTestWorker({
    redisUrl: await createRedisDatabase(inject('redisUrl')),
    handlers: [
      handlerOf(works, () => Promise.resolve({ stored: true, api_key: 'canary-result' })),
      handlerOf(fails, () =>
        isBroken ? Promise.reject(new Error('no route, password=canary-failure')) : Promise.resolve(),
      ),
      handlerOf(waits, async (_params, ctx) => {
        await ctx.progress(40, 'half way');
        await gate.opened;
      }),
    ],
    catalog: [works, fails, waits] as TaskDefinition[],
  });
  jobs = new JobAdmin(worker.connections.commands);
});
afterAll(async () => {
  gate.open();
  await worker.close();
});

beforeEach(() => {
  isBroken = true;
});

const inState = (jobId: string, state: string) =>
  waitFor(async () => {
    const job = await jobs.show(jobId);
    return job?.state === state && job;
  });

describe('show', () => {
  it('tells of a running job where it runs and how far it is', async () => {
    const { jobId } = await worker.client.enqueue(waits, { text: 'x' }, { correlationId: 'c-run' });
    const job = await waitFor(async () => {
      const now = await jobs.show(jobId);
      return now?.progress !== 0 && now;
    });
    expect(job).toMatchObject({
      queue: 'critical',
      state: 'active',
      taskName: 'waits',
      params: { text: 'x' },
      correlationId: 'c-run',
      priority: 10,
      starts: 1,
      worker: `spec-${process.pid}`,
      progress: { percent: 40, message: 'half way' },
      failure: null,
    });
    expect(job.startedAt!.getTime()).toBeGreaterThanOrEqual(job.enqueuedAt!.getTime());
  });

  it('tells of a finished job its outcome, without secrets', async () => {
    const { jobId } = await worker.client.enqueue(works, { text: 'token eyJhbGciOi.eyJzdWIi.c2ln' });
    const job = await inState(jobId, 'completed');
    expect(job).toMatchObject({ result: { stored: true, api_key: '[redacted]' }, stacks: [] });
    expect(JSON.stringify(job)).not.toMatch(/canary|eyJ/);
  });

  it('tells of a failed job why, without secrets', async () => {
    const { jobId } = await worker.client.enqueue(fails, { text: 'x' });
    const job = await inState(jobId, 'failed');
    expect(job).toMatchObject({ starts: 2, attempts: 2, maxAttempts: 2, failure: { reason: 'TASK_FAILED' } });
    expect(job.stacks.length).toBeGreaterThan(0);
    expect(JSON.stringify(job)).not.toContain('canary');
  });

  it('tells of a delayed job when it will run', async () => {
    const before = Date.now();
    const { jobId } = await worker.client.enqueue(works, { text: 'x' }, { delayMs: 3_600_000 });
    const job = await jobs.show(jobId);
    expect(job).toMatchObject({ state: 'delayed', delayMs: 3_600_000 });
    expect(job!.runsAt!.getTime()).toBeGreaterThanOrEqual(before + 3_600_000);
    expect(job!.runsAt!.getTime()).toBeLessThan(Date.now() + 3_600_001);
  });

  it.each(['works-unknown', 'meta', 'wait', '', 'critical'])('knows no job %j', async (id) => {
    expect(await jobs.show(id)).toBeUndefined();
  });

  it('shows damaged jobs as far as they can be read', async () => {
    await worker.connections.commands.hset(jobKey({ queue: 'email', jobId: 'odd-1' }), {
      timestamp: 'never',
      data: '{broken, "password":"canary"',
      opts: '[]',
      stacktrace: '{}',
      progress: '<html>',
    });
    const job = await jobs.show('odd-1');
    expect(job).toMatchObject({ state: 'unknown', taskName: 'unknown', enqueuedAt: null, stacks: [] });
    expect(JSON.stringify(job)).not.toContain('canary');
  });
});

describe('retry', () => {
  it('runs a failed job again, once, and keeps its count of starts', async () => {
    const { jobId } = await worker.client.enqueue(fails, { text: 'again' });
    const ref = await inState(jobId, 'failed');
    isBroken = false;
    const outcomes = await Promise.all([jobs.retry(ref), jobs.retry(ref), jobs.retry(ref)]);
    expect(outcomes.filter((outcome) => outcome === 'retried')).toHaveLength(1);
    expect(outcomes.filter((outcome) => outcome === 'not-failed')).toHaveLength(2);
    expect(await inState(jobId, 'completed')).toMatchObject({ starts: 3, attempts: 1, priority: 10 });
  });

  it('says that a job has not failed, or is gone', async () => {
    const { jobId } = await worker.client.enqueue(works, { text: 'fine' });
    expect(await jobs.retry(await inState(jobId, 'completed'))).toBe('not-failed');
    expect(await jobs.retry({ queue: 'email', jobId: 'gone-1' })).toBe('gone');
  });
});

describe('removeFailed', () => {
  it('removes a failed job, and nothing else', async () => {
    const { jobId } = await worker.client.enqueue(fails, { text: 'away' });
    expect(await jobs.removeFailed(await inState(jobId, 'failed'))).toBe(true);
    expect(await jobs.show(jobId)).toBeUndefined();
    const running = (await jobs.find({ taskName: 'waits', limit: 1 })).jobs[0]!;
    expect(await jobs.removeFailed(running)).toBe(false);
    expect(await jobs.show(running.jobId)).toBeDefined();
  });
});

describe('steps', () => {
  it('tells what happened to a job and to those of the same work, in order', async () => {
    const first = await worker.client.enqueue(fails, { text: 'x' }, { correlationId: 'c-work' });
    await inState(first.jobId, 'failed');
    const second = await worker.client.enqueue(works, { text: 'y' }, { correlationId: 'c-work' });
    await inState(second.jobId, 'completed');
    const byJob = await jobs.steps(first.jobId);
    const byWork = await jobs.steps('c-work');
    expect(byJob.correlationId).toBe('c-work');
    expect(byWork.steps).toEqual(byJob.steps);
    const of = (jobId: string) =>
      byJob.steps.filter((step) => step.jobId === jobId && step.what !== 'waiting').map(({ what }) => what);
    expect(of(first.jobId)).toEqual(['enqueued', 'started', 'delayed', 'started', 'failed']);
    expect(of(second.jobId)).toEqual(['enqueued', 'started', 'completed']);
    const times = byJob.steps.map(({ at }) => at.getTime());
    expect(times).toEqual(times.toSorted((one, other) => one - other));
  });

  it('still has the ends of a job whose events are gone', async () => {
    const { jobId } = await worker.client.enqueue(works, { text: 'old' });
    await inState(jobId, 'completed');
    await worker.connections.commands.del('bus:{critical}:critical:events');
    const { steps } = await jobs.steps(jobId);
    expect(steps.map(({ what }) => what)).toEqual(['enqueued', 'started', 'completed']);
  });

  it('knows nothing of an id nobody used', async () => {
    expect(await jobs.steps('c-nobody')).toMatchObject({ jobs: [], steps: [] });
  });
});
