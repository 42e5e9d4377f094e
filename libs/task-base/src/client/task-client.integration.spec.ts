import type { INestApplicationContext } from '@nestjs/common';
import { RedisConnections, redisKeys } from '@bus/platform';
import { runWithCorrelationId } from '@bus/observability';
import { createRedisDatabase } from '@bus/testing';
import { Queue, Worker } from 'bullmq';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import type { EchoParams } from '../fixtures/test-tasks.fixture.ts';
import { testTask } from '../fixtures/test-tasks.fixture.ts';
import { startClient } from '../fixtures/test-client.fixture.ts';
import { TaskParamsInvalidError, TaskParamsTooLargeError, UnknownTaskError } from '../task-base.errors.ts';
import { TaskClient } from './task-client.ts';

const echo = testTask('echo');
const alert = testTask('alert', { sentAgain: 'run-again' });

describe('TaskClient', () => {
  let app: INestApplicationContext;
  let client: TaskClient;
  let queue: Queue;

  beforeAll(async () => {
    app = await startClient(await createRedisDatabase(inject('redisUrl')));
    client = app.get(TaskClient);
    const connection = app.get(RedisConnections).commands;
    queue = new Queue('critical', { connection, prefix: redisKeys.queuePrefix('critical') });
  });
  beforeEach(() => queue.obliterate({ force: true }));
  afterAll(() => app.close());

  /** Runs everything that waits, as another process would, and tells what came by in order. */
  async function workOff(outcome: () => Promise<unknown> = () => Promise.resolve()): Promise<string[]> {
    const seen: string[] = [];
    const connection = app.get(RedisConnections).create('blocking', 'spec-worker');
    const worker = new Worker(
      'critical',
      async (job) => {
        seen.push((job.data as { params: EchoParams }).params.text);
        await outcome();
      },
      { connection, prefix: redisKeys.queuePrefix('critical') },
    );
    worker.on('error', () => undefined);
    await new Promise<void>((resolve) => worker.once('drained', () => resolve()));
    await worker.close();
    return seen;
  }

  it('stores the job under a key tagged by its queue, with priority, attempts and correlation id', async () => {
    const { jobId } = await runWithCorrelationId('corr-7', () =>
      client.enqueue(echo, { text: 'hi' }, { jobId: 'm-1' }),
    );
    expect(jobId).toBe('echo-m-1');
    expect(await app.get(RedisConnections).commands.exists('bus:{critical}:critical:echo-m-1')).toBe(1);
    const job = await queue.getJob(jobId);
    expect(job?.data).toEqual({
      params: { text: 'hi' },
      meta: { correlation_id: 'corr-7', enqueued_at: expect.stringMatching(/^\d{4}-.*Z$/) as string },
    });
    expect(job?.opts).toMatchObject({ priority: 1, attempts: 1 });
  });

  it('finds the task by its name', async () => {
    const params = { message_id: 'm-1', device_id: 'dev-1', command_id: 1, status: 'received' } as const;
    const times = { device_time: null, received_at: '2026-01-01T00:00:00.000Z', clock_suspect: false };
    const reply = { ...params, ...times, raw: {} };
    await expect(
      client.enqueueByName('process_command_reply', reply, { jobId: 'm-1' }),
    ).resolves.toMatchObject({ jobId: 'process_command_reply-m-1', duplicate: false });
    const forced = 'process_nothing' as 'process_command_reply';
    await expect(client.enqueueByName(forced, reply)).rejects.toBeInstanceOf(UnknownTaskError);
  });

  it('answers a second enqueue of the same id with the first job', async () => {
    expect(await client.enqueue(echo, { text: 'first' }, { jobId: 'same' })).toMatchObject({
      duplicate: false,
    });
    expect(await client.enqueue(echo, { text: 'second' }, { jobId: 'same' })).toMatchObject({
      duplicate: true,
    });
    expect(await workOff()).toEqual(['first']);
  });

  it('keeps jobs of two tasks with the same id apart', async () => {
    await client.enqueue(echo, { text: 'echo' }, { jobId: 'same' });
    expect(await client.enqueue(alert, { text: 'alert' }, { jobId: 'same' })).toMatchObject({
      duplicate: false,
    });
  });

  it('leaves a completed job alone unless its task wants to run again', async () => {
    await client.enqueue(echo, { text: 'echo' }, { jobId: 'm' });
    await client.enqueue(alert, { text: 'alert' }, { jobId: 'm' });
    await workOff();
    await completedLongAgo('echo-m', 'alert-m');
    expect(await client.enqueue(echo, { text: 'again' }, { jobId: 'm' })).toMatchObject({ duplicate: true });
    expect(await client.enqueue(alert, { text: 'again' }, { jobId: 'm' })).toMatchObject({ duplicate: true });
    expect(await workOff()).toEqual(['alert']);
    expect((await queue.getJob('alert-m'))?.attemptsStarted).toBe(1);
  });

  it('takes a second copy within moments of completion for the same request', async () => {
    await client.enqueue(alert, { text: 'alert' }, { jobId: 'm' });
    await workOff();
    expect(await client.enqueue(alert, { text: 'alert' }, { jobId: 'm' })).toMatchObject({ duplicate: true });
    expect(await queue.getJobCounts('prioritized', 'completed')).toMatchObject({
      prioritized: 0,
      completed: 1,
    });
  });

  it('gives a job that failed for good another life, and lets it know of the first', async () => {
    await client.enqueue(echo, { text: 'poor' }, { jobId: 'm' });
    await workOff(() => Promise.reject(new Error('no luck')));
    expect(await client.enqueue(echo, { text: 'poor' }, { jobId: 'm' })).toMatchObject({ duplicate: true });
    expect(await workOff()).toEqual(['poor']);
    expect(await queue.getJob('echo-m')).toMatchObject({ attemptsStarted: 2, attemptsMade: 1 });
  });

  it('lets many producers revive the same failed job at once', async () => {
    await client.enqueue(echo, { text: 'poor' }, { jobId: 'm' });
    await workOff(() => Promise.reject(new Error('no luck')));
    await Promise.all(
      Array.from({ length: 10 }, () => client.enqueue(echo, { text: 'poor' }, { jobId: 'm' })),
    );
    expect(await workOff()).toEqual(['poor']);
  });

  it('leaves the job of a schedule run as it is, however it ended, and says which run it is for', async () => {
    const options = { jobId: 'slot', scheduleRunId: '7' };
    await client.enqueue(alert, { text: 'slot' }, options);
    const [waiting] = await queue.getJobs();
    expect(waiting?.data).toMatchObject({ meta: { schedule_run_id: '7' } });
    await workOff(() => Promise.reject(new Error('no luck')));
    expect(await client.enqueue(alert, { text: 'slot' }, options)).toMatchObject({ duplicate: true });
    expect(await queue.getJobCounts('prioritized', 'failed')).toEqual({ prioritized: 0, failed: 1 });
  });

  it('adds many in the order given, over more than one transaction', async () => {
    const texts = Array.from({ length: 450 }, (_, index) => `n${index}`);
    const receipts = await client.enqueueMany(
      echo,
      texts.map((text) => ({ params: { text }, jobId: text })),
    );
    expect(receipts.map(({ jobId }) => jobId)).toEqual(texts.map((text) => `echo-${text}`));
    expect(await workOff()).toEqual(texts);
    const again = await client.enqueueMany(echo, [
      { params: { text: 'n1' }, jobId: 'n1' },
      { params: { text: 'new' } },
    ]);
    expect(again.map(({ duplicate }) => duplicate)).toEqual([true, false]);
  });

  it('checks every item before it sends the first', async () => {
    const items = [{ params: { text: 'good' } }, { params: { text: '' } }];
    await expect(client.enqueueMany(echo, items)).rejects.toBeInstanceOf(TaskParamsInvalidError);
    expect(await queue.count()).toBe(0);
  });

  it('says which parameter does not fit', async () => {
    const wrong = { text: 5 } as unknown as EchoParams;
    await expect(client.enqueue(echo, wrong)).rejects.toMatchObject({
      code: 'TASK_PARAMS_INVALID',
      isRetryable: false,
      problems: [{ field: 'text', reason: expect.any(String) as string }],
    });
  });

  it('refuses a job that is larger than its queue allows', async () => {
    const large = { text: 'x', filling: 'ü'.repeat(1_100_000) };
    const loose = testTask('loose', { params: LooseParams as never });
    await expect(client.enqueue(loose, large)).rejects.toBeInstanceOf(TaskParamsTooLargeError);
    await expect(client.enqueueMany(loose, [{ params: large }])).rejects.toBeInstanceOf(
      TaskParamsTooLargeError,
    );
  });

  it('holds a delayed job back', async () => {
    await client.enqueue(echo, { text: 'later' }, { delayMs: 60_000 });
    expect(await queue.getJobCounts('delayed', 'prioritized')).toMatchObject({ delayed: 1, prioritized: 0 });
  });

  async function completedLongAgo(...jobIds: string[]): Promise<void> {
    for (const jobId of jobIds) {
      await app.get(RedisConnections).commands.hset(queue.toKey(jobId), 'finishedOn', Date.now() - 60_000);
    }
  }
});

/** No rules of its own and no limits on text, so that only the size of the job stops it. */
class LooseParams {
  static readonly limits = { maxDepth: 3, maxEntries: 10, maxTextLength: 10_000_000, maxKeyLength: 64 };
}
