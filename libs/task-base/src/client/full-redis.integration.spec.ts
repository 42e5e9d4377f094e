import { Logger } from '@nestjs/common';
import { redisKeys } from '@bus/platform';
import type { RedisConnection } from '@bus/platform';
import { startRedis, startRedisCluster, waitFor } from '@bus/testing';
import type { RedisServer } from '@bus/testing';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { handlerOf, testTask } from '../fixtures/test-tasks.fixture.ts';
import { startTestWorker } from '../fixtures/test-worker.fixture.ts';
import type { TestWorker } from '../fixtures/test-worker.fixture.ts';
import type { TaskDefinition } from '../tasks/define-task.ts';
import { QUEUE_NAMES } from '../queues/queue-catalog.ts';
import type { QueueName } from '../queues/queue-catalog.ts';
import { queueStates } from '../queues/queue-states.ts';

const MAX_MEMORY = '40mb';
const CHUNK = 'x'.repeat(100 * 1024);

const taskOn = (queue: QueueName) => testTask(`work_of_${queue}`, { queue });
const FULL = { code: 'TASK_QUEUE_FULL', isRetryable: true };

/** Fills the server of the key until that part of its memory is used. */
async function fillTo(ratio: number, connection: RedisConnection, key = 'ballast'): Promise<void> {
  while ((await usedRatio(connection, key)) < ratio) await connection.rpush(key, CHUNK);
}

async function usedRatio(connection: RedisConnection, key: string): Promise<number> {
  const info = String(await connection.eval(`return redis.call('INFO', 'memory')`, 1, key));
  const number = (field: string) => Number(new RegExp(`^${field}:(\\d+)`, 'm').exec(info)?.[1]);
  return (number('used_memory') - number('mem_not_counted_for_evict')) / number('maxmemory');
}

describe('a Redis that fills up', () => {
  let redis: RedisServer;
  let worker: TestWorker;
  const open: TestWorker[] = [];

  beforeEach(async () => {
    redis = await startRedis({ maxMemory: MAX_MEMORY, appendOnly: false });
    worker = await start([]);
  });
  afterEach(async () => {
    vi.restoreAllMocks();
    await Promise.all(open.splice(0).map((one) => one.close()));
    await redis.stop();
  });

  /** Takes jobs of the given tasks only; enqueues to every queue. */
  async function start(tasks: TaskDefinition[], run: () => Promise<unknown> = () => Promise.resolve()) {
    const started = await startTestWorker({
      redisUrl: redis.url,
      handlers: tasks.map((task) => handlerOf(task as ReturnType<typeof testTask>, run)),
      catalog: tasks,
      queues: tasks.map(({ queue }) => queue),
    });
    open.push(started);
    return started;
  }

  const enqueueOn = (queue: QueueName) => worker.client.enqueue(taskOn(queue), { text: 'x' });
  const refusalOf = async (queue: QueueName) => {
    // What was known of the memory is up to a second old.
    await waitFor(async () =>
      enqueueOn(queue).then(
        () => false,
        () => true,
      ),
    );
    return enqueueOn(queue).then(
      () => undefined,
      (error: unknown) => error,
    );
  };

  async function isDrained(queue: QueueName): Promise<boolean> {
    const [state] = await queueStates(worker.connections.commands, [queue]);
    const { waiting = 1, prioritized = 1, active = 1, failed = 1 } = state?.jobs ?? {};
    return waiting + prioritized + active + failed === 0;
  }

  it('refuses all but urgent work from 75 %, says what to do, and takes it again when there is room', async () => {
    const { commands } = worker.connections;
    await fillTo(0.7, commands);
    for (const queue of QUEUE_NAMES) await enqueueOn(queue);

    await fillTo(0.76, commands);
    expect(await refusalOf('high_priority')).toMatchObject(FULL);
    const accepted = await Promise.all(
      QUEUE_NAMES.map(async (queue) =>
        enqueueOn(queue).then(
          () => queue,
          () => undefined,
        ),
      ),
    );
    expect(accepted.filter(Boolean)).toEqual(['critical', 'device_commands']);
    await expect(enqueueOn('email')).rejects.toThrow(/add workers or raise maxmemory/);
    await expect(
      worker.client.enqueueMany(taskOn('email'), [{ params: { text: 'x' } }]),
    ).rejects.toMatchObject(FULL);
    const { body } = await worker.metrics.render();
    expect(body).toMatch(/bus_task_admission_refused_total\{queue="email"[^}]*\} [3-9]/);
    expect(body).not.toMatch(/bus_task_admission_refused_total\{queue="critical"/);

    await commands.del('ballast');
    await waitFor(() => enqueueOn('email'), { timeoutMs: 20_000 });
  });

  it('refuses everything from 90 %', async () => {
    await fillTo(0.91, worker.connections.commands);
    expect(await refusalOf('critical')).toMatchObject(FULL);
    expect(await refusalOf('device_commands')).toMatchObject(FULL);
  });

  it.each([
    ['nearly used up', (connection: RedisConnection) => fillTo(0.95, connection)],
    ['used up', (connection: RedisConnection) => connection.config('SET', 'maxmemory', '4mb')],
  ])(
    'is still worked off when its memory is %s, with a calm log',
    async (_how, fill) => {
      const warnings: unknown[] = [];
      vi.spyOn(Logger.prototype, 'warn').mockImplementation(
        (message: unknown) => void warnings.push(message),
      );
      const critical = taskOn('critical');
      const jobs = Array.from({ length: 3_000 }, () => ({ params: { text: 'x'.repeat(200) } }));
      await worker.client.enqueueMany(critical, jobs);
      await fill(worker.connections.commands);
      const besieging = setInterval(() => void enqueueOn('critical').catch(() => undefined), 1);
      try {
        await start([critical] as TaskDefinition[]);
        await waitFor(() => isDrained('critical'), { timeoutMs: 60_000, message: 'every job to be done' });
      } finally {
        clearInterval(besieging);
      }
      expect(warnings.length).toBeLessThan(10);
    },
    120_000,
  );

  it('is told apart from one that is away when it refuses by itself', async () => {
    const { commands } = worker.connections;
    await enqueueOn('critical');
    await fillTo(0.5, commands);
    // At once, so that the enqueue still goes by what was known of the memory before.
    const limited = commands.config('SET', 'maxmemory', '10mb');
    const results = await Promise.allSettled([
      limited.then(() => enqueueOn('critical')),
      limited.then(() =>
        worker.client.enqueueMany(taskOn('critical'), [{ params: { text: 'a' } }, { params: { text: 'b' } }]),
      ),
    ]);
    for (const result of results) expect(result).toMatchObject({ status: 'rejected', reason: FULL });
  });
});

describe('a Redis Cluster of which one node fills up', () => {
  it('refuses the queues of that node only', async () => {
    const cluster = await startRedisCluster({ maxMemory: MAX_MEMORY, appendOnly: false });
    const worker = await startTestWorker({ redisUrl: cluster.url, handlers: [], catalog: [], queues: [] });
    try {
      const { commands } = worker.connections;
      const ballast = `${redisKeys.queuePrefix('default')}:ballast`;
      await fillTo(0.8, commands, ballast);
      const others = ['email', 'reports', 'analytics', 'external_api', 'maintenance'] as const;
      for (const queue of others) {
        const isFull = (await usedRatio(commands, redisKeys.queuePrefix(queue))) > 0.75;
        const enqueued = worker.client.enqueue(taskOn(queue), { text: 'x' });
        if (isFull) await expect(enqueued).rejects.toMatchObject(FULL);
        else await expect(enqueued).resolves.toMatchObject({ duplicate: false });
      }
      await expect(worker.client.enqueue(taskOn('default'), { text: 'x' })).rejects.toMatchObject(FULL);
    } finally {
      await worker.close();
      await cluster.stop();
    }
  });
});
