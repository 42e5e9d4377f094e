import { setTimeout as sleep } from 'node:timers/promises';
import { redisKeys } from '@bus/platform';
import { ReadinessRegistry, currentCorrelationId } from '@bus/observability';
import { waitFor } from '@bus/testing';
import { Queue } from 'bullmq';
import { describe, expect, it } from 'vitest';
import { closedGate } from '../fixtures/gate.fixture.ts';
import { handlerOf, testTask } from '../fixtures/test-tasks.fixture.ts';
import type { EchoParams } from '../fixtures/test-tasks.fixture.ts';
import type { TestWorker, TestWorkerOptions } from '../fixtures/test-worker.fixture.ts';
import { useTestWorkers } from '../fixtures/use-test-workers.fixture.ts';
import type { TaskContext } from '../tasks/task-context.ts';
import type { TaskDefinition } from '../tasks/define-task.ts';

const echo = testTask('echo');

describe('TaskWorkers', () => {
  const workers = useTestWorkers();

  function start(
    tasks: [TaskDefinition<EchoParams>, (params: EchoParams, ctx: TaskContext) => Promise<unknown>][],
    options: Partial<TestWorkerOptions> = {},
  ): Promise<TestWorker> {
    return workers.start({
      handlers: tasks.map(([task, run]) => handlerOf(task, run)),
      catalog: tasks.map(([task]) => task) as TaskDefinition[],
      ...options,
    });
  }
  const queueOf = (worker: TestWorker, name = 'critical') =>
    new Queue(name, { connection: worker.connections.commands, prefix: redisKeys.queuePrefix(name) });

  it('runs a job with its context, stores a clean result and counts it', async () => {
    let seen: unknown;
    const worker = await start([
      [
        echo,
        (params, ctx) => {
          const { attempt, isRedelivery, correlationId } = ctx;
          seen = { params, attempt, isRedelivery, correlationId, ambient: currentCorrelationId() };
          return Promise.resolve({ token: 'abc', done: true });
        },
      ],
    ]);
    const { jobId } = await worker.client.enqueue(echo, { text: 'hi' }, { correlationId: 'corr-1' });
    const job = await waitFor(async () => {
      const stored = await queueOf(worker).getJob(jobId);
      return stored?.finishedOn ? stored : undefined;
    });
    expect(job.returnvalue).toEqual({ token: '[redacted]', done: true });
    expect(seen).toEqual({
      params: { text: 'hi' },
      attempt: 1,
      isRedelivery: false,
      correlationId: 'corr-1',
      ambient: 'corr-1',
    });
    // Counted when the answer of Redis arrives, which is after Redis shows the job as finished.
    for (const metric of [
      'task_enqueued_total',
      'task_started_total',
      'task_completed_total',
      'task_queue_wait_seconds_count',
    ]) {
      const line = new RegExp(`bus_${metric}\\{[^}]*task="echo"[^}]*\\} 1`);
      await waitFor(async () => line.test((await worker.metrics.render()).body), { message: metric });
    }
  });

  it('retries by the policy of the task, tells the run so, and gives up with a dead letter', async () => {
    const flaky = testTask('flaky', { retry: { retries: 2, backoffMs: 5, maxBackoffMs: 10 } });
    const runs: [number, boolean][] = [];
    const worker = await start([
      [
        flaky,
        (_params, ctx) => {
          runs.push([ctx.attempt, ctx.isRedelivery]);
          return Promise.reject(new Error('card 4111 1111 1111 1111 refused'));
        },
      ],
    ]);
    const { jobId } = await worker.client.enqueue(
      flaky,
      { text: 'secret=hunter2' },
      { correlationId: 'corr-2' },
    );
    const letter = await waitFor(() => worker.letters.letters[0]);
    expect(runs).toEqual([
      [1, false],
      [2, true],
      [3, true],
    ]);
    expect(letter).toMatchObject({
      queue: 'critical',
      jobId,
      taskName: 'flaky',
      reason: 'TASK_FAILED',
      detail: 'card [redacted] refused',
      attempts: 3,
      correlationId: 'corr-2',
    });
    const stored = await queueOf(worker).getJob(jobId);
    expect(JSON.stringify([stored?.failedReason, stored?.stacktrace, letter])).not.toMatch(/4111|hunter2/);
    const { body } = await worker.metrics.render();
    expect(body).toMatch(/bus_task_retried_total\{[^}]*task="flaky"[^}]*\} 2/);
    expect(body).toMatch(/bus_task_dead_letters_total\{[^}]*task="flaky"[^}]*\} 1/);
  });

  it('does not retry what no retry can mend', async () => {
    const worker = await start([
      [
        testTask('hopeless', { retry: { retries: 5, backoffMs: 5, maxBackoffMs: 5 } }),
        () => Promise.reject(Object.assign(new Error('never'), { code: 'NEVER_WORKS', isRetryable: false })),
      ],
    ]);
    await worker.client.enqueue(
      testTask('hopeless', { retry: { retries: 5, backoffMs: 5, maxBackoffMs: 5 } }),
      { text: 'x' },
    );
    expect(await waitFor(() => worker.letters.letters[0])).toMatchObject({
      reason: 'NEVER_WORKS',
      attempts: 1,
    });
  });

  it('gives a run up at its hard limit', async () => {
    const endless = testTask('endless', { softLimitMs: 20, hardLimitMs: 60 });
    let reason: unknown;
    const worker = await start([
      [
        endless,
        (_params, { signal }) =>
          new Promise(() =>
            signal.addEventListener('abort', () => (reason = (signal.reason as { code: string }).code)),
          ),
      ],
    ]);
    await worker.client.enqueue(endless, { text: 'x' });
    expect(await waitFor(() => worker.letters.letters[0])).toMatchObject({ reason: 'TASK_HARD_TIME_LIMIT' });
    expect(reason).toBe('TASK_SOFT_TIME_LIMIT');
  });

  it('turns garbage in Redis into dead letters and goes on', async () => {
    const worker = await start([[echo, () => Promise.resolve()]]);
    const queue = queueOf(worker);
    const redis = worker.connections.commands;
    const push = async (jobId: string, fields: Record<string, string> | undefined) => {
      if (fields !== undefined) await redis.hset(queue.toKey(jobId), fields);
      await redis.zadd(queue.toKey('prioritized'), 1, jobId);
      await redis.zadd(queue.toKey('marker'), 0, '0');
    };
    const sound = {
      name: 'echo',
      data: '{"params":{"text":"x"},"meta":{}}',
      opts: '{}',
      timestamp: '1',
      priority: '1',
    };
    await push('no-json', { ...sound, data: '{"params":' });
    await push('null-data', { ...sound, data: 'null' });
    await push('bad-options', { ...sound, opts: 'attempts=3' });
    await push('bad-progress', { ...sound, progress: '[' });
    await push('wrong-shape', { ...sound, data: '[1,2]' });
    await push('wrong-params', { ...sound, data: '{"params":{"text":{"__proto__":1}}}' });
    await push('no-such-task', { ...sound, name: 'drop_tables' });
    await push('no-hash', undefined);

    const letters = await waitFor(() => worker.letters.letters.length === 8 && worker.letters.letters);
    expect(Object.fromEntries(letters.map(({ jobId, reason }) => [jobId, reason]))).toEqual({
      'no-json': 'TASK_JOB_UNREADABLE',
      'null-data': 'TASK_JOB_UNREADABLE',
      'bad-options': 'TASK_JOB_UNREADABLE',
      'bad-progress': 'TASK_JOB_UNREADABLE',
      'wrong-shape': 'TASK_JOB_UNREADABLE',
      'wrong-params': 'TASK_PARAMS_INVALID',
      'no-such-task': 'TASK_UNKNOWN',
      'no-hash': 'TASK_JOB_UNREADABLE',
    });
    const { jobId } = await worker.client.enqueue(echo, { text: 'fine' });
    await waitFor(async () => (await queue.getJob(jobId))?.finishedOn);
    expect((await worker.metrics.render()).body).not.toContain('drop_tables');
  });

  it('takes the more urgent job first', async () => {
    const order: string[] = [];
    const gate = closedGate();
    const low = testTask('low', { queue: 'ml_training', priority: 0 });
    const middle = testTask('middle', { queue: 'ml_training', priority: 5 });
    const high = testTask('high', { queue: 'ml_training', priority: 10 });
    const note = async ({ text }: EchoParams) => {
      order.push(text);
      if (text === 'first') await gate.opened;
    };
    // One job at a time on this queue, so that the order of starts is the order of service.
    const worker = await start(
      [
        [low, note],
        [middle, note],
        [high, note],
      ],
      { queues: ['ml_training'] },
    );
    await worker.client.enqueue(low, { text: 'first' });
    await waitFor(() => order.length === 1);
    for (const [task, text] of [
      [low, 'low'],
      [middle, 'middle'],
      [high, 'high'],
      [middle, 'middle 2'],
    ] as const) {
      await worker.client.enqueue(task, { text });
    }
    gate.open();
    await waitFor(() => order.length === 5);
    expect(order).toEqual(['first', 'high', 'middle', 'middle 2', 'low']);
  });

  it('starts jobs that run side by side in the order they were enqueued', async () => {
    const order: string[] = [];
    // Of different lengths, so that jobs are fetched now with the end of another one, now by asking.
    const lengthsMs = [0, 3, 1, 7, 0, 2];
    const worker = await start([
      [
        echo,
        async ({ text }) => {
          order.push(text);
          await sleep(lengthsMs[order.length % lengthsMs.length]);
        },
      ],
    ]);
    const texts = Array.from({ length: 1_500 }, (_, index) => `n${index}`);
    await worker.client.enqueueMany(
      echo,
      texts.map((text) => ({ params: { text } })),
    );
    await waitFor(() => order.length === texts.length, { timeoutMs: 60_000 });
    expect(order).toEqual(texts);
  }, 120_000);

  it('lets running jobs end on shutdown and takes no new one', async () => {
    const gate = closedGate();
    const started: string[] = [];
    const worker = await start([
      [
        echo,
        async ({ text }) => {
          started.push(text);
          await gate.opened;
        },
      ],
    ]);
    const { jobId } = await worker.client.enqueue(echo, { text: 'running' });
    await waitFor(() => started.length === 1);
    const observer = await start([[testTask('other', { queue: 'email' }), () => Promise.resolve()]], {
      queues: ['email'],
    });
    const closing = worker.close();
    await observer.client.enqueue(echo, { text: 'too late' });
    gate.open();
    await closing;
    expect((await queueOf(observer).getJob(jobId))?.finishedOn).toBeDefined();
    expect(await queueOf(observer).getJobCounts('active', 'prioritized')).toMatchObject({
      active: 0,
      prioritized: 1,
    });
    expect(started).toEqual(['running']);
  });

  it('gives back what does not end in time, for another worker to do at once', async () => {
    const runs: string[] = [];
    const stuck = await start([[echo, () => (runs.push('stuck'), new Promise(() => undefined))]], {
      drainMs: 50,
    });
    const { jobId } = await stuck.client.enqueue(echo, { text: 'x' });
    await waitFor(() => runs.length === 1);
    const observer = await start([[testTask('other', { queue: 'email' }), () => Promise.resolve()]], {
      queues: ['email'],
    });
    await stuck.close();
    expect(await queueOf(observer).getJobCounts('active', 'prioritized', 'failed')).toEqual({
      active: 0,
      prioritized: 1,
      failed: 0,
    });
    const next = await start([
      [
        echo,
        (_params, ctx) => {
          runs.push(`attempt ${ctx.attempt}, redelivery ${String(ctx.isRedelivery)}`);
          return Promise.resolve();
        },
      ],
    ]);
    await waitFor(async () => (await queueOf(next).getJob(jobId))?.finishedOn);
    expect(runs).toEqual(['stuck', 'attempt 1, redelivery true']);
    expect(next.letters.letters).toEqual([]);
  });

  it('is ready while it takes jobs', async () => {
    const worker = await start([[echo, () => Promise.resolve()]]);
    const readiness = worker.app.get(ReadinessRegistry);
    await waitFor(async () => (await readiness.report()).checks['task_workers']?.ok);
    await worker.close();
    expect((await readiness.report()).checks['task_workers']).toMatchObject({
      ok: false,
      error: 'not taking jobs from critical',
    });
  });

  it('refuses to start when a handler is missing', async () => {
    const starting = workers.start({ handlers: [], catalog: [echo] as TaskDefinition[] });
    await expect(starting).rejects.toMatchObject({ code: 'TASK_HANDLERS_INCOMPLETE' });
  });
});
