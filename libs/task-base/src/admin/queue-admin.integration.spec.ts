import { createRedisDatabase, waitFor } from '@bus/testing';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { handlerOf, testTask } from '../fixtures/test-tasks.fixture.ts';
import { startTestWorker } from '../fixtures/test-worker.fixture.ts';
import type { TestWorker } from '../fixtures/test-worker.fixture.ts';
import { QUEUES } from '../queues/queue-catalog.ts';
import type { TaskDefinition } from '../tasks/define-task.ts';
import { QueueAdmin } from './queue-admin.ts';

const task = testTask('works');
const elsewhere = testTask('elsewhere', { queue: 'reports' });
const done: string[] = [];

let worker: TestWorker;
let admin: QueueAdmin;

beforeAll(async () => {
  worker = await startTestWorker({
    redisUrl: await createRedisDatabase(inject('redisUrl')),
    handlers: [handlerOf(task, async ({ text }) => void done.push(text))],
    catalog: [task] as TaskDefinition[],
  });
  admin = new QueueAdmin(worker.connections.commands);
});
afterAll(() => worker.close());

describe('QueueAdmin', () => {
  it('shows a queue with its settings and who works on it', async () => {
    const details = await waitFor(async () => {
      const now = await admin.show('critical');
      return now.workers > 0 && now;
    });
    expect(details).toMatchObject({
      queue: 'critical',
      settings: QUEUES.critical,
      isPaused: false,
      workers: 1,
    });
    expect(details.workerList).toEqual([
      {
        queue: 'critical',
        instance: `spec-${process.pid}`,
        address: expect.stringMatching(/^127\.0\.0\.1:\d+$/) as string,
        connectedSeconds: expect.any(Number) as number,
      },
    ]);
    expect((await admin.show('reports')).workerList).toEqual([]);
  });

  it('holds a queue and lets it go on', async () => {
    await admin.pause('critical');
    await worker.client.enqueue(task, { text: 'held' });
    const held = await admin.show('critical');
    expect(held).toMatchObject({ isPaused: true, jobs: { prioritized: 1 } });
    expect(done).toEqual([]);
    await admin.resume('critical');
    await waitFor(() => done.length === 1);
    expect((await admin.show('critical')).isPaused).toBe(false);
  });

  it('removes what waits, however much, and leaves what waits for its time unless told', async () => {
    const items = Array.from({ length: 2_500 }, (_, number) => ({ params: { text: String(number) } }));
    await worker.client.enqueueMany(elsewhere, items);
    await worker.client.enqueue(elsewhere, { text: 'later' }, { delayMs: 3_600_000 });
    expect(await admin.drain('reports')).toBe(2_500);
    expect((await admin.show('reports')).jobs).toMatchObject({ prioritized: 0, delayed: 1 });
    expect(await admin.drain('reports', { delayed: true })).toBe(1);
    expect((await admin.show('reports')).jobs).toMatchObject({ prioritized: 0, delayed: 0 });
    expect(await admin.drain('reports')).toBe(0);
  });
});
