import { createRedisDatabase, waitFor } from '@bus/testing';
import { redisKeys } from '@bus/platform';
import { Queue } from 'bullmq';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { closedGate } from '../fixtures/gate.fixture.ts';
import { handlerOf, testTask } from '../fixtures/test-tasks.fixture.ts';
import { startTestWorker } from '../fixtures/test-worker.fixture.ts';
import type { TestWorker } from '../fixtures/test-worker.fixture.ts';
import type { TaskDefinition } from '../tasks/define-task.ts';
import { QUEUE_NAMES } from './queue-catalog.ts';
import { queueStates } from './queue-states.ts';

const critical = testTask('critical_work');
const gate = closedGate();

describe('queueStates', () => {
  let worker: TestWorker;

  beforeAll(async () => {
    worker = await startTestWorker({
      redisUrl: await createRedisDatabase(inject('redisUrl')),
      handlers: [handlerOf(critical, () => gate.opened)],
      catalog: [critical] as TaskDefinition[],
    });
  });
  afterAll(async () => {
    gate.open();
    await worker.close();
  });

  const stateOf = async (queue: string) =>
    (await queueStates(worker.connections.commands)).find((state) => state.queue === queue);

  it('knows every queue, also those nobody has used', async () => {
    const states = await queueStates(worker.connections.commands);
    expect(states.map(({ queue }) => queue)).toEqual(QUEUE_NAMES);
    expect(states.find(({ queue }) => queue === 'reports')).toEqual({
      queue: 'reports',
      jobs: { waiting: 0, prioritized: 0, delayed: 0, active: 0, completed: 0, failed: 0 },
      isPaused: false,
      workers: 0,
      oldestWaitingSeconds: 0,
    });
  });

  it('counts running jobs and connected workers', async () => {
    await worker.client.enqueue(critical, { text: 'x' });
    const state = await waitFor(async () => {
      const now = await stateOf('critical');
      return now?.jobs.active === 1 && now.workers > 0 && now;
    });
    expect(state.workers).toBe(1);
  });

  it('counts what waits, finds the oldest whatever its priority, and sees a pause', async () => {
    const [low, high] = [
      testTask('low', { queue: 'email', priority: 1 }),
      testTask('high', { queue: 'email', priority: 9 }),
    ];
    await worker.client.enqueue(low, { text: 'old' }, { jobId: 'old' });
    await worker.client.enqueue(high, { text: 'young' });
    await worker.client.enqueue(high, { text: 'later' }, { delayMs: 60_000 });
    const connection = worker.connections.commands;
    await connection.hset('bus:{email}:email:low-old', 'timestamp', Date.now() - 90_000);
    await new Queue('email', { connection, prefix: redisKeys.queuePrefix('email') }).pause();

    const state = await stateOf('email');
    expect(state).toMatchObject({ isPaused: true, jobs: { prioritized: 2, delayed: 1 } });
    expect(state?.oldestWaitingSeconds).toBeGreaterThanOrEqual(90);
    expect(state?.oldestWaitingSeconds).toBeLessThan(200);
  });
});
