import { Logger } from '@nestjs/common';
import { createRedisDatabase, waitFor } from '@bus/testing';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import { handlerOf, testTask } from '../fixtures/test-tasks.fixture.ts';
import type { EchoParams } from '../fixtures/test-tasks.fixture.ts';
import { MemoryDeadLetters, startTestWorker } from '../fixtures/test-worker.fixture.ts';
import type { TestWorker } from '../fixtures/test-worker.fixture.ts';
import type { TaskDefinition } from '../tasks/define-task.ts';
import { DeadLetterRecorder } from './dead-letter-recorder.ts';
import { DeadLetterSweeper } from './dead-letter-sweeper.ts';

const doomed = testTask('doomed');
const logger = new Logger('spec');

describe('DeadLetterSweeper', () => {
  let worker: TestWorker;
  let redisUrl: string;

  beforeEach(async () => {
    redisUrl = await createRedisDatabase(inject('redisUrl'));
    worker = await startTestWorker({
      redisUrl,
      handlers: [handlerOf(doomed, () => Promise.reject(new Error('doomed')))],
      catalog: [doomed] as TaskDefinition[],
    });
  });
  afterEach(() => worker.close());

  function sweeperOver(store: MemoryDeadLetters): DeadLetterSweeper {
    const recorder = new DeadLetterRecorder(store, logger);
    return new DeadLetterSweeper(['critical'], worker.connections.commands, recorder, logger);
  }

  async function failSome(count: number): Promise<void> {
    for (let index = 0; index < count; index += 1) await worker.client.enqueue(doomed, { text: `n${index}` });
    await waitFor(() => worker.letters.offered === count);
  }

  it('records what the store could not take, once, with the same letter', async () => {
    worker.letters.isDown = true;
    await failSome(3);
    expect(worker.letters.letters).toEqual([]);

    const store = new MemoryDeadLetters();
    const sweeper = sweeperOver(store);
    await sweeper.sweep();
    await sweeper.sweep();
    const texts = store.letters.map(({ params }) => (params as EchoParams).text);
    expect(texts.toSorted()).toEqual(['n0', 'n1', 'n2']);
    expect(store.offered).toBe(3);
  });

  it('gives the same letter as the worker that saw the job fail', async () => {
    await failSome(1);
    const store = new MemoryDeadLetters();
    await sweeperOver(store).sweep();
    expect(store.letters).toEqual(worker.letters.letters);
  });

  it('is run by every worker that starts', async () => {
    worker.letters.isDown = true;
    await failSome(2);
    const next = await startTestWorker({ redisUrl, handlers: [], catalog: [] });
    try {
      await waitFor(() => next.letters.letters.length === 2);
      expect(next.letters.letters.every(({ taskName }) => taskName === 'doomed')).toBe(true);
    } finally {
      await next.close();
    }
  });

  it('stops a pass at the first letter the store refuses and takes it up again', async () => {
    await failSome(5);
    const store = new MemoryDeadLetters();
    store.isDown = true;
    const sweeper = sweeperOver(store);
    await sweeper.sweep();
    expect(store.offered).toBe(1);
    store.isDown = false;
    await sweeper.sweep();
    expect(store.letters).toHaveLength(5);
  });

  it('finds the letter of a failed job that cannot be read', async () => {
    const redis = worker.connections.commands;
    await redis.hset('bus:{critical}:critical:odd', {
      name: 'doomed',
      data: '{"params"',
      opts: '[',
      failedReason: 'X',
    });
    await redis.zadd('bus:{critical}:critical:failed', 1_700_000_000_000, 'odd');
    const store = new MemoryDeadLetters();
    await sweeperOver(store).sweep();
    expect(store.letters).toMatchObject([
      { jobId: 'odd', params: '{"params"', detail: 'X', failedAt: new Date(1_700_000_000_000) },
    ]);
  });
});
