import { redisKeys } from '@bus/platform';
import { createRedisDatabase, waitFor } from '@bus/testing';
import { Queue } from 'bullmq';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import { closedGate } from '../fixtures/gate.fixture.ts';
import type { Gate } from '../fixtures/gate.fixture.ts';
import { handlerOf, testTask } from '../fixtures/test-tasks.fixture.ts';
import type { EchoParams } from '../fixtures/test-tasks.fixture.ts';
import { startTestWorker } from '../fixtures/test-worker.fixture.ts';
import type { TestWorker } from '../fixtures/test-worker.fixture.ts';
import { PriorityAgeing } from './priority-ageing.ts';
import type { AgeingOptions } from './ageing-options.ts';
import { queueStates } from './queue-states.ts';

// One job at a time on this queue, so that the order of starts is the order of service.
const QUEUE = 'ml_training';
const low = testTask('low', { queue: QUEUE, priority: 0 });
const middle = testTask('middle', { queue: QUEUE, priority: 5 });
const urgent = testTask('urgent', { queue: QUEUE, priority: 10 });
const TASKS = [low, middle, urgent];

const MINUTE_MS = 60_000;
/** A step is a minute; passes are made by the spec alone. */
const BY_HAND: AgeingOptions = { stepMs: MINUTE_MS, intervalMs: 10 * MINUTE_MS };

describe('PriorityAgeing', () => {
  let redisUrl: string;
  const open: TestWorker[] = [];
  const gates: Gate[] = [];

  beforeEach(async () => {
    redisUrl = await createRedisDatabase(inject('redisUrl'));
  });
  afterEach(async () => {
    for (const gate of gates.splice(0)) gate.open();
    await Promise.all(open.splice(0).map((worker) => worker.close()));
  });

  async function start(run: (params: EchoParams) => Promise<unknown>, ageing: AgeingOptions) {
    const worker = await startTestWorker({
      redisUrl,
      handlers: TASKS.map((task) => handlerOf(task, run)),
      catalog: TASKS,
      queues: [QUEUE],
      ageing,
    });
    open.push(worker);
    return worker;
  }

  /** A worker whose first job holds the queue until the gate opens, and which notes what it does then. */
  async function startHeld() {
    const order: string[] = [];
    const gate = closedGate();
    gates.push(gate);
    const worker = await start(async ({ text }) => {
      order.push(text);
      if (text === 'first') await gate.opened;
    }, BY_HAND);
    await worker.client.enqueue(urgent, { text: 'first' });
    await waitFor(() => order.length === 1);
    return { worker, gate, order };
  }

  const sweep = (worker: TestWorker) => worker.app.get(PriorityAgeing).sweep();
  /** As if the time until the next pass had gone by. */
  async function pass(worker: TestWorker): Promise<void> {
    await worker.connections.commands.del(redisKeys.queueAgeingLease(QUEUE));
    await sweep(worker);
  }
  const queueOf = (worker: TestWorker) =>
    new Queue(QUEUE, { connection: worker.connections.commands, prefix: redisKeys.queuePrefix(QUEUE) });

  async function hasWaited(worker: TestWorker, jobId: string, minutes: number): Promise<void> {
    const since = Date.now() - minutes * MINUTE_MS - 1_000;
    await worker.connections.commands.hset(queueOf(worker).toKey(jobId), 'timestamp', since);
  }

  it('lets an urgent job overtake ten thousand that wait', async () => {
    const { worker, gate, order } = await startHeld();
    await worker.client.enqueueMany(
      low,
      Array.from({ length: 10_000 }, (_, index) => ({ params: { text: `low ${index}` } })),
    );
    await worker.client.enqueue(urgent, { text: 'urgent' });
    await pass(worker);
    gate.open();
    await waitFor(() => order.length > 2);
    expect(order.slice(0, 3)).toEqual(['first', 'urgent', 'low 0']);
    await queueOf(worker).obliterate({ force: true });
  }, 120_000);

  describe('under urgent work without end', () => {
    /** Each urgent job adds the next before it ends, so one is always waiting. Resolves when the low one ran, or after 200. */
    async function runs(ageing: AgeingOptions): Promise<string[]> {
      const order: string[] = [];
      const ended = closedGate();
      const worker: TestWorker = await start(async ({ text }) => {
        order.push(text);
        if (text === 'low' || order.length >= 200) ended.open();
        else await worker.client.enqueue(urgent, { text: `urgent ${order.length}` });
      }, ageing);
      await worker.client.enqueueMany(urgent, [{ params: { text: 'one' } }, { params: { text: 'two' } }]);
      await worker.client.enqueue(low, { text: 'low' });
      await ended.opened;
      return order;
    }

    it('a job of the lowest priority runs within a bounded time', async () => {
      expect(await runs({ stepMs: 1, intervalMs: 5 })).toContain('low');
    });

    it('and would not without ageing', async () => {
      expect(await runs({ stepMs: 10 * MINUTE_MS, intervalMs: 5 })).not.toContain('low');
    });
  });

  it('puts a raised job behind those that were there, and before those that come', async () => {
    const { worker, gate, order } = await startHeld();
    await worker.client.enqueue(low, { text: 'low' }, { jobId: 'old' });
    await hasWaited(worker, 'low-old', 10);
    await worker.client.enqueue(urgent, { text: 'urgent 1' });
    await pass(worker);
    await worker.client.enqueue(urgent, { text: 'urgent 2' });
    gate.open();
    await waitFor(() => order.length === 4);
    expect(order).toEqual(['first', 'urgent 1', 'low', 'urgent 2']);
  });

  it('raises by one priority for each step waited, and says so', async () => {
    const { worker, gate, order } = await startHeld();
    await worker.client.enqueue(low, { text: 'four minutes' }, { jobId: 'four' });
    await worker.client.enqueue(middle, { text: 'middle' });
    await worker.client.enqueue(low, { text: 'five minutes' }, { jobId: 'five' });
    await hasWaited(worker, 'low-four', 4);
    await hasWaited(worker, 'low-five', 5);
    await pass(worker);
    await worker.client.enqueue(middle, { text: 'middle 2' });
    expect(await queueOf(worker).getCountsPerPriority([11, 7, 6])).toEqual({ 11: 0, 7: 1, 6: 3 });
    const [state] = await queueStates(worker.connections.commands, [QUEUE]);
    expect(state?.oldestWaitingSeconds).toBeGreaterThan(300);
    expect((await worker.metrics.render()).body).toMatch(/priority_raised_total\{queue="ml_training".*\} 2/);
    gate.open();
    await waitFor(() => order.length === 5);
    expect(order.slice(1)).toEqual(['middle', 'five minutes', 'middle 2', 'four minutes']);
  });

  it('keeps the places in front of a newcomer few, however many have aged', async () => {
    const { worker } = await startHeld();
    const jobIds = Array.from({ length: 50 }, (_, index) => `n${index}`);
    await worker.client.enqueueMany(
      low,
      jobIds.map((jobId) => ({ params: { text: jobId }, jobId })),
    );
    for (const jobId of jobIds) await hasWaited(worker, `low-${jobId}`, 30);
    for (let count = 0; count < 5; count += 1) await pass(worker);
    const priorities = Array.from({ length: 11 }, (_, index) => index + 1);
    const counts = await queueOf(worker).getCountsPerPriority(priorities);
    // The queue runs one job at a time per process, so one raised job at each priority.
    expect(Object.values(counts)).toEqual([1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 40]);
  });

  it('does not count a requested delay as waiting, and leaves the priority of the job alone', async () => {
    const { worker } = await startHeld();
    const queue = queueOf(worker);
    await worker.client.enqueue(low, { text: 'later' }, { jobId: 'later', delayMs: 20 * MINUTE_MS });
    await hasWaited(worker, 'low-later', 21);
    await (await queue.getJob('low-later'))?.promote();
    await pass(worker);
    expect(await queue.getCountsPerPriority([11, 10, 9])).toEqual({ 11: 0, 10: 1, 9: 0 });
    expect(await worker.connections.commands.hget(queue.toKey('low-later'), 'priority')).toBe('11');
  });

  it('is done by one worker for all', async () => {
    const { worker } = await startHeld();
    await worker.client.enqueue(low, { text: 'low' }, { jobId: 'one' });
    await hasWaited(worker, 'low-one', 1);
    await sweep(worker);
    await hasWaited(worker, 'low-one', 9);
    await queueOf(worker).pause(); // Else the other worker would run the job before it could raise it.
    const other = await start(() => Promise.resolve(), BY_HAND);
    await sweep(other);
    expect(await queueOf(worker).getCountsPerPriority([10, 2])).toEqual({ 10: 1, 2: 0 });
  });
});
