import { redisKeys } from '@bus/platform';
import { createRedisDatabase, waitFor } from '@bus/testing';
import { Queue } from 'bullmq';
import type { Job } from 'bullmq';
import { Redis } from 'ioredis';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import { QueueWorker } from './queue-worker.ts';

const QUEUE = 'critical';
const prefix = redisKeys.queuePrefix(QUEUE);

describe('FetchBehindWait', () => {
  let redisUrl: string;
  let queue: Queue;
  const open: { close(): Promise<unknown> }[] = [];

  beforeEach(async () => {
    redisUrl = await createRedisDatabase(inject('redisUrl'));
    queue = new Queue(QUEUE, { connection: connect(), prefix });
    open.push(queue);
  });
  afterEach(async () => {
    for (const one of open.splice(0).toReversed()) await one.close();
  });

  function connect(): Redis {
    const connection = new Redis(redisUrl, { maxRetriesPerRequest: null });
    open.push({ close: () => Promise.resolve(connection.disconnect()) });
    return connection;
  }

  async function startWorker(process: (job: Job) => Promise<unknown>): Promise<QueueWorker> {
    const options = {
      connection: connect(),
      prefix,
      lockDuration: 30_000,
      stalledInterval: 30_000,
      concurrency: 8,
    };
    const worker = new QueueWorker(QUEUE, process, options, {
      lost: () => undefined,
      fenced: () => undefined,
    });
    open.push(worker);
    void worker.run();
    await worker.waitUntilReady();
    const admin = connect();
    const isWaiting = async () => / flags=b /.test(String(await admin.client('LIST')));
    await waitFor(isWaiting, { message: 'the worker waits' });
    return worker;
  }

  it('hands a job to an idle worker in the step that added it, by the clock of Redis', async () => {
    const seen: Job[] = [];
    await startWorker((job) => {
      seen.push(job);
      return Promise.resolve();
    });
    const monitor = await connect().monitor();
    const commands: { at: number; text: string }[] = [];
    monitor.on('monitor', (at: string, args: string[]) =>
      commands.push({ at: Number(at), text: args.join(' ').slice(0, 200) }),
    );
    open.push({ close: () => Promise.resolve(monitor.disconnect()) });
    await queue.add('one', {}, { jobId: 'job-one', priority: 1 });
    await waitFor(() => seen.length === 1);
    const [job] = seen;
    expect(job?.processedOn).toBeGreaterThanOrEqual(job?.timestamp ?? Infinity);
    await waitFor(() => commands.some(({ text }) => text.includes('job-one:lock')));
    const locked = commands.findIndex(({ text }) => text.includes('job-one:lock'));
    const fetched = commands.findLastIndex(({ text }, index) => index < locked && /^eval/i.test(text));
    // The clock is read by the script that fetches, which BullMQ's own does not.
    expect(commands.slice(fetched, locked).some(({ text }) => text === 'TIME')).toBe(true);
  });

  it('gives every job a lock token of its own and runs each once, whoever is idle', async () => {
    const seen: Job[] = [];
    const run = (job: Job) => {
      seen.push(job);
      return Promise.resolve();
    };
    await startWorker(run);
    await startWorker(run);
    for (let n = 0; n < 20; n += 1) {
      await queue.add('one', {}, { jobId: `job-${n}`, priority: 1 });
      await waitFor(() => seen.length === n + 1);
    }
    expect(new Set(seen.map(({ id }) => id)).size).toBe(20);
    await waitFor(async () => (await queue.getCompletedCount()) === 20);
  });

  it('leaves no job lying when idle moments and busy ones alternate', async () => {
    const seen = new Set<string>();
    await startWorker(async (job) => {
      await new Promise((resolve) => setTimeout(resolve, 2));
      seen.add(job.id ?? '');
    });
    const jobs = 1_500;
    for (let n = 0; n < jobs; n += 1) {
      await queue.add('one', {}, { jobId: `job-${n}`, priority: 1 });
      if (n % 10 === 0) await new Promise((resolve) => setTimeout(resolve, 2));
    }
    // One that was left lying would be found when its lock has run out, after this.
    await waitFor(() => seen.size === jobs, { timeoutMs: 20_000 });
  });

  it('puts a job back whose hand-out was lost when its worker stopped', async () => {
    const lost: string[] = [];
    const worker = await startWorker((job) => {
      lost.push(job.id ?? '');
      return Promise.resolve();
    });
    // The worker hears nothing from now on: Redis hands the job out, and the answer stays in the socket.
    const blocking = (await worker.backend.blockingClient) as unknown as Redis;
    blocking.stream.pause();
    await queue.add('one', {}, { jobId: 'job-lost', priority: 1 });
    await waitFor(async () => (await queue.getActiveCount()) === 1);
    await worker.close();
    expect(lost).toEqual([]);
    expect(await queue.getActiveCount()).toBe(0);
    expect((await queue.getJobs(['waiting', 'prioritized'])).map(({ id }) => id)).toEqual(['job-lost']);
    const seen: string[] = [];
    await startWorker((job) => Promise.resolve(seen.push(job.id ?? '')));
    await waitFor(() => seen.length === 1);
    expect(seen).toEqual(['job-lost']);
  });
});
