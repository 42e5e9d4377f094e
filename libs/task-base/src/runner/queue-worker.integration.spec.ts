import { RedisConnections, redisKeys } from '@bus/platform';
import type { RedisConnection } from '@bus/platform';
import { createRedisDatabase, waitFor } from '@bus/testing';
import { Queue, WaitingError } from 'bullmq';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import { QueueWorker } from './queue-worker.ts';

const prefix = redisKeys.queuePrefix('critical');

/** Keeps what is protected within reach of the spec. */
class OpenQueueWorker extends QueueWorker {
  get renewed(): string[] {
    return this.lockManager.getTrackedJobIds();
  }
}

describe('QueueWorker', () => {
  let connections: RedisConnections;
  let connection: RedisConnection;
  let worker: OpenQueueWorker | undefined;

  beforeEach(async () => {
    connections = new RedisConnections({ REDIS_URL: await createRedisDatabase(inject('redisUrl')) });
    connection = connections.create('blocking', 'spec');
  });
  afterEach(async () => {
    await worker?.close();
    await connections.closeAll();
  });

  it('starts a job it was handed again once the earlier run of it has ended, and renews its lock', async () => {
    const story: string[] = [];
    let endFirst = (): void => undefined;
    let endSecond = (): void => undefined;
    worker = new OpenQueueWorker(
      'critical',
      (job) => {
        const start = `start ${job.attemptsStarted}`;
        story.push(start);
        return new Promise((resolve, reject) => {
          if (job.attemptsStarted > 1) endSecond = () => resolve('done');
          else endFirst = () => setTimeout(() => (story.push('end 1'), reject(new WaitingError())), 50);
        });
      },
      // Renews so rarely that the lock runs out under the first run.
      {
        connection,
        prefix,
        concurrency: 2,
        lockDuration: 1_000,
        lockRenewTime: 600_000,
        stalledInterval: 200,
        maxStalledCount: 5,
      },
      {
        lost: (_jobId, _token, why) => {
          story.push(why);
          endFirst();
        },
        fenced: () => story.push('fenced'),
      },
    );
    const running = worker.run();
    const queue = new Queue('critical', { connection, prefix });
    const { id } = await queue.add('echo', {}, { jobId: 'echo-1', priority: 1 });
    await waitFor(() => story.includes('start 2'), { timeoutMs: 20_000 });
    expect(story).toEqual(['start 1', 'it was handed out again', 'end 1', 'start 2']);
    expect(worker.renewed).toEqual([id]);
    endSecond();
    await worker.close();
    await running;
  });
});
