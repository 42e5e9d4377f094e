import { setTimeout as sleep } from 'node:timers/promises';
import { CircuitBreakers, CircuitOpenError } from '@bus/circuit-breaker';
import { redisKeys } from '@bus/platform';
import { createRedisDatabase, waitFor } from '@bus/testing';
import { Queue } from 'bullmq';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import { EchoParams, testTask } from '../fixtures/test-tasks.fixture.ts';
import { startTestWorker } from '../fixtures/test-worker.fixture.ts';
import type { TestWorker } from '../fixtures/test-worker.fixture.ts';
import { ExternalServiceTask } from '../tasks/external-service-task.ts';
import { Task } from '../tasks/task.decorator.ts';
import type { TaskContext } from '../tasks/task-context.ts';
import { countParkedJobs, readParking } from './parked-jobs.ts';

const SERVICE = 'vendor_api';
const callVendor = testTask('call_vendor', {
  retry: { retries: 3, backoffMs: 60_000, maxBackoffMs: 60_000 },
});

/** The service, and who reached it. */
let isUp = true;
let reached: string[] = [];
let attempts: [text: string, attempt: number][] = [];

@Task(callVendor)
class CallVendor extends ExternalServiceTask<EchoParams> {
  async run({ text }: EchoParams, ctx: TaskContext): Promise<void> {
    attempts.push([text, ctx.attempt]);
    try {
      await this.externalServiceCall(SERVICE, { timeoutMs: 5_000 }, () => {
        reached.push(text);
        return isUp ? Promise.resolve() : Promise.reject(new Error('vendor down'));
      });
    } catch (error) {
      // As handlers do that speak of their own business.
      if (text === 'wraps') throw new Error('could not tell the vendor', { cause: error });
      throw error;
    }
  }
}

describe('a job whose call is refused by an open circuit', () => {
  let redisUrl: string;
  const open: TestWorker[] = [];

  beforeEach(async () => {
    redisUrl = await createRedisDatabase(inject('redisUrl'));
    isUp = true;
    reached = [];
    attempts = [];
  });
  afterEach(async () => {
    await Promise.all(open.splice(0).map((worker) => worker.close()));
  });

  async function start(): Promise<TestWorker> {
    const worker = await startTestWorker({
      redisUrl,
      handlers: [CallVendor],
      catalog: [callVendor] as never,
      drainMs: 5_000,
    });
    open.push(worker);
    return worker;
  }
  const queueOf = (worker: TestWorker) =>
    new Queue('critical', {
      connection: worker.connections.commands,
      prefix: redisKeys.queuePrefix('critical'),
    });
  const enqueue = (worker: TestWorker, text: string) => worker.client.enqueue(callVendor, { text });
  const parkedIn = async ({ connections }: TestWorker) =>
    (await countParkedJobs(connections.commands, 'critical'))[0]?.jobs ?? 0;

  it('is put aside without using up an attempt, and done when the circuit closes; failures count as ever', async () => {
    const worker = await start();
    isUp = false;
    const failing = await Promise.all(['1', '2', '3', '4', '5'].map((text) => enqueue(worker, text)));
    await waitFor(async () => (await worker.circuits.state(SERVICE)).state.name === 'open');
    const { jobId } = await enqueue(worker, '6');
    const parking = await waitFor(() => readParking(worker.connections.commands, 'critical', jobId));
    expect(parking.service).toBe(SERVICE);
    expect(parking.until.getTime()).toBeGreaterThan(parking.parkedAt.getTime() + 200_000);
    const queue = queueOf(worker);
    const sixth = await waitFor(async () => {
      const job = await queue.getJob(jobId);
      return (await job?.isDelayed()) ? job : undefined;
    });
    expect(sixth).toMatchObject({ attemptsMade: 0, attemptsStarted: 1 });
    expect(reached).not.toContain('6');
    for (const receipt of failing) {
      expect(await queue.getJob(receipt.jobId)).toMatchObject({ attemptsMade: 1 });
    }
    const { body } = await worker.metrics.render();
    expect(body).toMatch(/bus_task_parked_total\{queue="critical",task="call_vendor",service="other",.*\} 1/);
    expect(body).toMatch(/bus_task_parked_jobs\{queue="critical",service="other",.*\} 1/);
    expect(body).toMatch(/bus_task_completed_total\{[^}]*result="failure"[^}]*\} 5/);
    expect(worker.letters.letters).toEqual([]);
    // A job that was moved away must not be failed as well; BullMQ would complain about its lock.
    expect(body).not.toContain('bus_worker_errors_total{');

    isUp = true;
    await worker.circuits.close(SERVICE);
    await waitFor(() => reached.includes('6'));
    await waitFor(async () => (await (await queue.getJob(jobId))?.isCompleted()) === true);
    expect(attempts.filter(([text]) => text === '6')).toEqual([
      ['6', 1],
      ['6', 1],
    ]);
    expect(await readParking(worker.connections.commands, 'critical', jobId)).toBeUndefined();
  });

  it('is put aside as well when the handler wraps the refusal', async () => {
    const worker = await start();
    await worker.circuits.open(SERVICE, 'maintenance');
    await enqueue(worker, 'wraps');
    await waitFor(async () => (await parkedIn(worker)) === 1);
    expect((await queueOf(worker).getDelayed())[0]).toMatchObject({ attemptsMade: 0 });
  });

  it('comes back by itself when its time is over: one tries, then all are done, though nobody released them', async () => {
    const worker = await start();
    await worker.circuits.configure(SERVICE, { openMs: 1_500 });
    isUp = false;
    await Promise.all(['1', '2', '3', '4', '5'].map((text) => enqueue(worker, text)));
    await waitFor(async () => (await worker.circuits.state(SERVICE)).state.name === 'open');
    isUp = true;
    const texts = Array.from({ length: 20 }, (_, index) => `parked-${index}`);
    await Promise.all(texts.map((text) => enqueue(worker, text)));
    await waitFor(() => texts.every((text) => reached.includes(text)), { timeoutMs: 25_000 });
    expect(reached.filter((text) => text.startsWith('parked')).toSorted()).toEqual(texts.toSorted());
    expect(worker.letters.letters).toEqual([]);
  }, 60_000);

  it('is released once, however many workers there are, in growing doses', async () => {
    const [worker, other] = [await start(), await start()];
    await worker.circuits.open(SERVICE, 'maintenance');
    await other.circuits.state(SERVICE);
    const texts = Array.from({ length: 80 }, (_, index) => `n${index}`);
    await worker.client.enqueueMany(
      callVendor,
      texts.map((text) => ({ params: { text } })),
    );
    await waitFor(async () => (await parkedIn(worker)) === 80);
    const doses: number[] = [];
    const watching = setInterval(() => doses.push(reached.length), 50);
    await other.circuits.close(SERVICE);
    await waitFor(() => reached.length === 80, { timeoutMs: 25_000 });
    clearInterval(watching);
    expect(reached.toSorted()).toEqual(texts.toSorted());
    // A first dose and more after it; a release at once would show all or nothing.
    expect(doses.some((count) => count > 0 && count < 80)).toBe(true);
    await waitFor(async () => (await parkedIn(worker)) === 0, { timeoutMs: 25_000 });
    expect(attempts).toHaveLength(160);
  }, 60_000);

  it('is released by a worker that starts later, when the others have died', async () => {
    const first = await start();
    await first.circuits.open(SERVICE, 'maintenance');
    await enqueue(first, 'orphan');
    await waitFor(async () => (await parkedIn(first)) === 1);
    open.splice(open.indexOf(first), 1);
    await first.close();
    const second = await start();
    await second.circuits.close(SERVICE);
    await waitFor(() => reached.includes('orphan'), { timeoutMs: 20_000 });
  }, 40_000);

  it('ends its call at the soft limit, which says nothing about the service', async () => {
    const slow = testTask('slow_call', { softLimitMs: 50, hardLimitMs: 20_000 });
    @Task(slow)
    class SlowCall extends ExternalServiceTask<EchoParams> {
      run(): Promise<void> {
        return this.externalServiceCall(SERVICE, { timeoutMs: 15_000 }, (signal) =>
          sleep(15_000, undefined, { signal }),
        );
      }
    }
    const worker = await startTestWorker({ redisUrl, handlers: [SlowCall], catalog: [slow] as never });
    open.push(worker);
    await worker.client.enqueue(slow, { text: 'x' });
    expect(await waitFor(() => worker.letters.letters[0])).toMatchObject({ reason: 'TASK_SOFT_TIME_LIMIT' });
    expect(await worker.circuits.state(SERVICE)).toMatchObject({ state: { failuresInWindow: 0 } });
  });

  it('can be had in code that is no ExternalServiceTask, too', async () => {
    const worker = await start();
    await worker.circuits.open(SERVICE, 'maintenance');
    const circuits = worker.app.get(CircuitBreakers);
    await expect(circuits.call(SERVICE, {}, () => Promise.resolve())).rejects.toBeInstanceOf(
      CircuitOpenError,
    );
  });
});
