import { redisKeys } from '@bus/platform';
import { createRedisDatabase, waitFor } from '@bus/testing';
import type { ManagedProcess } from '@bus/testing';
import type { Type } from '@nestjs/common';
import { Queue } from 'bullmq';
import type { Job } from 'bullmq';
import { afterEach, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { COUNTED, Counted, atWorkKey, endedKey, runsKey } from '../fixtures/counted-task.fixture.ts';
import { closedGate } from '../fixtures/gate.fixture.ts';
import { handlerOf, idempotentTask } from '../fixtures/test-tasks.fixture.ts';
import type { EchoParams } from '../fixtures/test-tasks.fixture.ts';
import { startTestWorker } from '../fixtures/test-worker.fixture.ts';
import type { TestWorker, TestWorkerOptions } from '../fixtures/test-worker.fixture.ts';
import { buildLibrary, startWorkerProcess } from '../fixtures/worker-process.fixture.ts';
import { IdempotentTask } from '../tasks/idempotent-task.ts';
import { Task } from '../tasks/task.decorator.ts';
import { idempotencyKeyOf } from './idempotency-key.ts';

const PATIENCE = { timeoutMs: 60_000 };

describe('a task with an idempotency rule', { timeout: 120_000 }, () => {
  let redisUrl: string;
  const open: TestWorker[] = [];
  const processes: ManagedProcess[] = [];

  beforeAll(buildLibrary, 180_000);
  beforeEach(async () => {
    redisUrl = await createRedisDatabase(inject('redisUrl'));
  });
  afterEach(async () => {
    await Promise.all([
      ...open.splice(0).map((worker) => worker.close()),
      ...processes.splice(0).map((child) => child.kill('SIGKILL')),
    ]);
  });

  async function start(options: Partial<TestWorkerOptions> = {}): Promise<TestWorker> {
    const worker = await startTestWorker({ redisUrl, handlers: [Counted], catalog: [COUNTED], ...options });
    open.push(worker);
    return worker;
  }
  const startFour = () => Promise.all([start(), start(), start(), start()] as const);
  const startProcess = async () => {
    const { process: child } = await startWorkerProcess(redisUrl);
    processes.push(child);
    return child;
  };
  const queueOf = (worker: TestWorker) =>
    new Queue('critical', {
      connection: worker.connections.commands,
      prefix: redisKeys.queuePrefix('critical'),
    });
  const finished = (worker: TestWorker, jobId: string): Promise<Job> =>
    waitFor(async () => {
      const job = await queueOf(worker).getJob(jobId);
      return job?.finishedOn === undefined ? undefined : job;
    }, PATIENCE);
  const runsOf = async (worker: TestWorker, text: string) =>
    Number(await worker.connections.commands.get(runsKey(text)));
  const replays = async (worker: TestWorker) => {
    const { values } = await worker.metrics.counter('bus_task_replayed_total').get();
    return values.reduce((sum, { value }) => sum + value, 0);
  };

  it('is executed once for 50 concurrent enqueues and 6 workers, two of them processes of their own', async () => {
    const workers = await startFour();
    await Promise.all([startProcess(), startProcess()]);
    const receipts = await Promise.all(
      Array.from({ length: 50 }, (_, index) =>
        workers[index % 4]!.client.enqueue(COUNTED, { text: 'once', number: 200 }),
      ),
    );
    expect(new Set(receipts.map(({ jobId }) => jobId)).size).toBe(1);
    expect(receipts.filter(({ duplicate }) => !duplicate)).toHaveLength(1);

    const results = await Promise.all(
      receipts.map(async ({ jobId }) => (await finished(workers[0], jobId)).returnvalue as unknown),
    );
    for (const result of results) expect(result).toEqual({ run: 1, pid: expect.any(Number) as number });
    expect(await runsOf(workers[0], 'once')).toBe(1);
  });

  it('is executed once for 50 jobs with ids of their own; all get the first outcome and lose no attempt', async () => {
    const workers = await startFour();
    await Promise.all([startProcess(), startProcess()]);
    const receipts = await Promise.all(
      Array.from({ length: 50 }, (_, index) =>
        workers[index % 4]!.client.enqueue(
          COUNTED,
          { text: 'many', number: 200 },
          { jobId: `mine-${index}` },
        ),
      ),
    );
    expect(new Set(receipts.map(({ jobId }) => jobId)).size).toBe(50);
    const jobs = await Promise.all(receipts.map(({ jobId }) => finished(workers[0], jobId)));
    for (const job of jobs) {
      expect(job.returnvalue).toEqual(jobs[0]!.returnvalue);
      expect(job.failedReason).toBeUndefined();
      expect(job.attemptsMade).toBeLessThanOrEqual(1);
    }
    expect(await runsOf(workers[0], 'many')).toBe(1);
  });

  it('answers a duplicate with the outcome after its job is gone from Redis', async () => {
    const worker = await start();
    const first = await worker.client.enqueue(COUNTED, { text: 'gone' });
    const { returnvalue } = await finished(worker, first.jobId);
    await queueOf(worker).obliterate({ force: true });

    const second = await worker.client.enqueue(COUNTED, { text: 'gone' });
    expect(second).toEqual({ jobId: first.jobId, duplicate: false });
    expect((await finished(worker, second.jobId)).returnvalue).toEqual(returnvalue);
    expect(await runsOf(worker, 'gone')).toBe(1);
    expect(await replays(worker)).toBe(1);
  });

  it('does each slot of a schedule, and a job of the same slot once', async () => {
    const worker = await start();
    const run = async (jobId: string, scheduleRunId: string) => {
      const receipt = await worker.client.enqueue(COUNTED, { text: 'slot' }, { jobId, scheduleRunId });
      return (await finished(worker, receipt.jobId)).returnvalue as unknown;
    };
    const first = await run('slot-1', '1');
    expect(await run('slot-1-again', '1')).toEqual(first);
    expect(await run('slot-2', '2')).not.toEqual(first);
    expect(await runsOf(worker, 'slot')).toBe(2);
  });

  it('leaves other parameters alone', async () => {
    const worker = await start();
    const { jobId: one } = await worker.client.enqueue(COUNTED, { text: 'a', number: 1 });
    const { jobId: other } = await worker.client.enqueue(COUNTED, { text: 'a', number: 2 });
    await Promise.all([finished(worker, one), finished(worker, other)]);
    expect(await runsOf(worker, 'a')).toBe(2);
  });

  it('runs again, with the new parameters, once the time of the outcome is over', async () => {
    const brief = idempotentTask('brief', { ttlMs: 300, key: ({ text }) => text });
    const seen: unknown[] = [];
    const worker = await start({
      handlers: [handlerOf(brief, (params) => Promise.resolve(seen.push(params.number)))],
      catalog: [brief],
    });
    const { jobId } = await worker.client.enqueue(brief, { text: 'x', number: 1 });
    await finished(worker, jobId);
    await waitFor(async () => {
      await worker.client.enqueue(brief, { text: 'x', number: 2 });
      return seen.length === 2;
    }, PATIENCE);
    expect(seen).toEqual([1, 2]);
  });

  it('is tried again when it failed, and does not take a failure for an outcome', async () => {
    const flaky = idempotentTask('flaky', {}, { retry: { retries: 1, backoffMs: 5, maxBackoffMs: 5 } });
    let runs = 0;
    const worker = await start({
      handlers: [
        handlerOf(flaky, () => {
          runs += 1;
          return runs < 4 ? Promise.reject(new Error('not yet')) : Promise.resolve('done');
        }),
      ],
      catalog: [flaky],
    });
    const { jobId } = await worker.client.enqueue(flaky, { text: 'x' });
    await waitFor(() => worker.letters.letters.length === 1, PATIENCE);
    expect(runs).toBe(2);
    expect(await worker.client.enqueue(flaky, { text: 'x' })).toEqual({ jobId, duplicate: true });
    await waitFor(() => runs === 4, PATIENCE);
    await waitFor(async () => (await finished(worker, jobId)).returnvalue === 'done', PATIENCE);
  });

  it('keeps the outcome of the successor when a frozen worker comes back', async () => {
    const frozen = await startProcess();
    const client = await start({ queues: [] });
    const { jobId } = await client.client.enqueue(COUNTED, { text: 'frozen', number: 500 });
    const { commands } = client.connections;
    await waitFor(async () => (await commands.get(atWorkKey('frozen'))) === String(frozen.pid), PATIENCE);
    process.kill(frozen.pid, 'SIGSTOP');

    const successor = await start();
    const job = await finished(successor, jobId);
    expect(job.returnvalue).toEqual({ run: 2, pid: process.pid });
    process.kill(frozen.pid, 'SIGCONT');

    // The end of the handler and then other work: what the revived process does with its result, it has done.
    const ended = () => commands.lrange(endedKey('frozen'), 0, -1);
    await waitFor(async () => (await ended()).includes(String(frozen.pid)), PATIENCE);
    const { jobId: later } = await client.client.enqueue(COUNTED, { text: 'later', number: 1_000 });
    await finished(client, later);
    const record = redisKeys.idempotencyRecord(
      idempotencyKeyOf(COUNTED, { text: 'frozen', number: 500 }, undefined) ?? '',
    );
    const [state, result] = await commands.hmget(record, 'state', 'result');
    expect(state).toBe('done');
    expect(JSON.parse(result ?? '')).toEqual({ run: 2, pid: process.pid });
    expect((await finished(client, jobId)).returnvalue).toEqual({ run: 2, pid: process.pid });
  });

  it('tells a run that its work was taken over, and returns the outcome of the other', async () => {
    const lost = idempotentTask('lost');
    const gate = closedGate();
    const worker = await start({
      handlers: [handlerOf(lost, () => gate.opened.then(() => 'mine'))],
      catalog: [lost],
    });
    const { jobId } = await worker.client.enqueue(lost, { text: 'x' });
    const record = redisKeys.idempotencyRecord(idempotencyKeyOf(lost, { text: 'x' }, undefined) ?? '');
    const { commands } = worker.connections;
    await waitFor(async () => (await commands.hget(record, 'state')) === 'running', PATIENCE);
    await commands.hset(record, { claim: 'of another run', state: 'done', result: '"theirs"' });
    gate.open();
    expect((await finished(worker, jobId)).returnvalue).toBe('theirs');
  });
});

describe('IdempotentTask.once', { timeout: 120_000 }, () => {
  const stepped = idempotentTask(
    'stepped',
    { category: 'mutation' },
    { retry: { retries: 2, backoffMs: 5, maxBackoffMs: 5 } },
  );
  let worker: TestWorker | undefined;
  afterEach(() => worker?.close());

  async function runSteps(
    run: (once: (step: string, fn: () => Promise<unknown>) => Promise<boolean>) => Promise<unknown>,
  ): Promise<Job> {
    @Task(stepped)
    class Stepped extends IdempotentTask<EchoParams, unknown> {
      run(): Promise<unknown> {
        return run((step, fn) => this.once(step, fn));
      }
    }
    worker = await startTestWorker({
      redisUrl: await createRedisDatabase(inject('redisUrl')),
      handlers: [Stepped as Type<IdempotentTask<EchoParams, unknown>>],
      catalog: [stepped],
    });
    const { jobId } = await worker.client.enqueue(stepped, { text: 'x' });
    const connection = worker.connections.commands;
    const queue = new Queue('critical', { connection, prefix: redisKeys.queuePrefix('critical') });
    return waitFor(async () => {
      const job = await queue.getJob(jobId);
      return job?.finishedOn === undefined ? undefined : job;
    }, PATIENCE);
  }

  it('does a side effect once over all attempts, and again only when it did not happen', async () => {
    const done: string[] = [];
    const job = await runSteps(async (once) => {
      const isNew = await once('charge', () => Promise.resolve(done.push('charge')));
      await once('mail', () => {
        done.push('mail');
        return done.length < 3 ? Promise.reject(new Error('no mail today')) : Promise.resolve();
      });
      return { isNew };
    });
    expect(done).toEqual(['charge', 'mail', 'mail']);
    expect(job.returnvalue).toEqual({ isNew: false });
  });

  it('does not guess when nobody knows whether it happened', async () => {
    const done: string[] = [];
    let attempts = 0;
    const job = await runSteps(async (once) => {
      attempts += 1;
      if (attempts === 1) {
        // As if the worker had died inside: the step is begun and never ends, the attempt fails.
        void once('charge', () => new Promise<void>(() => done.push('charge')));
        await waitFor(() => done.length === 1);
        throw new Error('killed');
      }
      return once('charge', () => Promise.resolve(done.push('charge again')));
    });
    expect(done).toEqual(['charge']);
    expect(job.failedReason).toMatch(/^TASK_STEP_IN_DOUBT: step charge of stepped/);
    expect(attempts).toBe(2);
  });

  it('refuses names that are none, and calls outside such a run', async () => {
    const job = await runSteps((once) => once('not a name', () => Promise.resolve()));
    expect(job.failedReason).toContain('not snake_case');
    class Loose extends IdempotentTask<EchoParams, unknown> {
      run(): Promise<unknown> {
        return this.once('x', () => Promise.resolve());
      }
    }
    await expect(new Loose().run()).rejects.toThrow('outside a run');
  });
});
