import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { redisKeys } from '@bus/platform';
import {
  createRedisDatabase,
  createTemporaryDirectory,
  isAlive,
  removeTemporaryDirectory,
  waitFor,
} from '@bus/testing';
import { Queue } from 'bullmq';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { childHandlerOf } from '../fixtures/child-task.fixture.ts';
import { handlerOf, testTask } from '../fixtures/test-tasks.fixture.ts';
import type { EchoParams } from '../fixtures/test-tasks.fixture.ts';
import { startTestWorker } from '../fixtures/test-worker.fixture.ts';
import type { TestWorker, TestWorkerOptions } from '../fixtures/test-worker.fixture.ts';
import type { TaskDefinition } from '../tasks/define-task.ts';
import type { ChildProgress } from './child-process-task.ts';

const heavy = testTask('heavy', { runsIn: { child: { maxMemoryMiB: 128 } } });
const patience = { timeoutMs: 25_000 };

describe('ChildProcessTask', () => {
  let redisUrl: string;
  let directory: string;
  const reports: ChildProgress[] = [];
  const open: TestWorker[] = [];

  beforeAll(() => {
    directory = createTemporaryDirectory('child-task-spec');
  });
  afterAll(() => removeTemporaryDirectory(directory));
  beforeEach(async () => {
    redisUrl = await createRedisDatabase(inject('redisUrl'));
    reports.length = 0;
  });
  afterEach(async () => {
    await Promise.all(open.splice(0).map((worker) => worker.close()));
  });

  async function start(task = heavy, options: Partial<TestWorkerOptions> = {}): Promise<TestWorker> {
    const worker = await startTestWorker({
      redisUrl,
      handlers: [childHandlerOf(task, (progress) => reports.push(progress))],
      catalog: [task] as TaskDefinition[],
      ...options,
    });
    open.push(worker);
    return worker;
  }
  const pidIn = (file: string) =>
    waitFor(() => existsSync(file) && Number(readFileSync(file, 'utf8')), patience);

  it('does its work in a child and stores the result', async () => {
    const worker = await start();
    const { jobId } = await worker.client.enqueue(heavy, { text: 'echo hello' });
    expect(await worker.client.waitForOutcome({ jobId, task: heavy }, patience)).toMatchObject({
      state: 'completed',
      result: { argument: 'hello', jobId, attempt: 1 },
    });
  });

  it('keeps the progress of the work on its job and tells the hook', async () => {
    const worker = await start();
    const { jobId } = await worker.client.enqueue(heavy, { text: 'progress' });
    await worker.client.waitForOutcome({ jobId, task: heavy }, patience);
    const queue = new Queue('critical', {
      connection: worker.connections.commands,
      prefix: redisKeys.queuePrefix('critical'),
    });
    expect((await queue.getJob(jobId))?.progress).toEqual({ percent: 100, message: 'step 100' });
    expect(reports.at(-1)).toEqual({ percent: 100, message: 'step 100' });
  });

  it('keeps the lock of its job while the child is in a busy loop for longer than the lock lasts', async () => {
    const worker = await start();
    const { jobId } = await worker.client.enqueue(heavy, { text: 'spin-for 7000' });
    expect(await worker.client.waitForOutcome({ jobId, task: heavy }, patience)).toMatchObject({
      state: 'completed',
      result: { attempt: 1, isRedelivery: false },
    });
    expect((await worker.metrics.render()).body).not.toMatch(/bus_task_stalled_total\{[^}]*\} [1-9]/);
  });

  it('stops a busy loop at the hard limit', async () => {
    const brief = testTask('brief', { runsIn: heavy.runsIn, softLimitMs: 1_500, hardLimitMs: 2_000 });
    const worker = await start(brief);
    const file = join(directory, 'brief.pid');
    await worker.client.enqueue(brief, { text: `spin ${file}` });
    expect(await waitFor(() => worker.letters.letters[0], patience)).toMatchObject({
      reason: 'TASK_HARD_TIME_LIMIT',
      attempts: 1,
    });
    expect(isAlive(await pidIn(file))).toBe(false);
    expect((await worker.metrics.render()).body).not.toMatch(/bus_task_abandoned_total\{[^}]*\} [1-9]/);
  });

  it('makes a dead letter of a run that took too much memory, without trying again', async () => {
    const retried = testTask('retried', {
      runsIn: heavy.runsIn,
      retry: { retries: 3, backoffMs: 5, maxBackoffMs: 5 },
    });
    const worker = await start(retried);
    await worker.client.enqueue(retried, { text: 'fill-buffers' });
    expect(await waitFor(() => worker.letters.letters[0], patience)).toMatchObject({
      reason: 'TASK_MEMORY_LIMIT',
      attempts: 1,
    });
  });

  it('kills the child of a cancelled job that does not heed its signal', async () => {
    const worker = await start();
    const file = join(directory, 'cancelled.pid');
    const { jobId } = await worker.client.enqueue(heavy, { text: `spin ${file}` });
    const pid = await pidIn(file);
    const { outcome, cancellation } = await worker.client.cancel(
      { jobId, task: heavy },
      { reason: 'wrong report', by: 'olivia', waitMs: 20_000 },
    );
    expect(outcome).toBe('cancelled');
    expect(cancellation).toMatchObject({ reason: 'wrong report', by: 'olivia', was: 'running' });
    expect(isAlive(pid)).toBe(false);
    expect(worker.letters.letters).toEqual([]);
  });

  it('ends a child that heeds the cancel by its own hand', async () => {
    const worker = await start();
    const { jobId } = await worker.client.enqueue(heavy, { text: 'wait-for-stop' });
    await waitFor(async () => (await worker.client.outcome({ jobId, task: heavy })).state === 'running');
    const { outcome } = await worker.client.cancel({ jobId, task: heavy }, { waitMs: 20_000 });
    expect(outcome).toBe('cancelled');
  });

  it('kills its child on shutdown when the drain time is over, and gives the job back', async () => {
    const worker = await start(heavy, { drainMs: 100 });
    const file = join(directory, 'drained.pid');
    const { jobId } = await worker.client.enqueue(heavy, { text: `spin ${file}` });
    const pid = await pidIn(file);
    await worker.close();
    expect(isAlive(pid)).toBe(false);
    const other = testTask('other', { queue: 'email' });
    const observer = await start(other, {
      queues: ['email'],
      handlers: [handlerOf(other, () => Promise.resolve())],
    });
    expect(await observer.client.outcome({ jobId, task: heavy })).toEqual({ state: 'waiting' });
  });

  it.each([
    ['a child task without a memory limit', testTask('plain'), childHandlerOf, /is a ChildProcessTask; say/],
    [
      'a plain handler of a child task',
      heavy,
      (task: TaskDefinition<EchoParams>) => handlerOf(task, () => Promise.resolve()),
      /'heavy' runs in a child process; let Handler extend ChildProcessTask/,
    ],
  ])('refuses to start with %s', async (_what, task, handler, message) => {
    const starting = startTestWorker({
      redisUrl,
      handlers: [handler(task)],
      catalog: [task] as TaskDefinition[],
    });
    await expect(starting).rejects.toThrow(message);
  });
});
