import { randomUUID } from 'node:crypto';
import type { INestApplicationContext } from '@nestjs/common';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { DatabaseModule, DeadLetterQueries, IdempotencyQueries, migrate } from '@bus/database';
import { Text } from '@bus/payload-schemas';
import {
  PlatformModule,
  PostgresSettings,
  RedisConnections,
  RedisSettings,
  RuntimeSettings,
  loadSettings,
  redisKeys,
} from '@bus/platform';
import {
  IdempotentTask,
  Task,
  TaskClient,
  TaskClientModule,
  TaskWorkerModule,
  defineTask,
} from '@bus/task-base';
import { createDatabase, startPostgres, startRedis, waitFor } from '@bus/testing';
import type { PostgresServer, RedisServer } from '@bus/testing';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';

class TransferParams {
  @Text(50) name!: string;
}

const TRANSFER = defineTask({
  name: 'transfer',
  queue: 'critical',
  params: TransferParams,
  retry: { retries: 100, backoffMs: 200, maxBackoffMs: 500 },
  idempotency: { scope: 'global', category: 'mutation', durable: true },
});
const PATIENCE = { timeoutMs: 60_000 };

describe('a durable task', { timeout: 180_000 }, () => {
  let redis: RedisServer;
  let databaseUrl: string;
  let cleanUps: (() => Promise<unknown>)[] = [];
  let runs: string[];
  let behave: (params: TransferParams) => Promise<unknown>;

  @Task(TRANSFER)
  class Transfer extends IdempotentTask<TransferParams, unknown> {
    run(params: TransferParams): Promise<unknown> {
      runs.push(params.name);
      return behave(params);
    }
  }

  beforeEach(async () => {
    runs = [];
    behave = () => Promise.resolve({ receipt: randomUUID() });
    // Nothing on disk: a restart is a loss of everything.
    redis = await startRedis({ appendOnly: false });
    const database = await createDatabase(inject('databaseUrl'));
    databaseUrl = database.url;
    cleanUps = [() => redis.stop(), () => database.drop()];
  });
  afterEach(async () => {
    for (const cleanUp of cleanUps.splice(0).toReversed()) await cleanUp();
  });

  async function start(url = databaseUrl): Promise<INestApplicationContext> {
    await migrate(url);
    const settings = loadSettings(
      { runtime: RuntimeSettings, redis: RedisSettings, postgres: PostgresSettings },
      { REDIS_URL: redis.url, DATABASE_URL: url, METRICS_SNAPSHOT_INTERVAL_MS: '60000' },
    );
    @Module({
      imports: [
        PlatformModule.forRoot({ app: 'spec', ...settings }),
        DatabaseModule,
        TaskClientModule,
        TaskWorkerModule.forRoot({
          queues: ['critical'],
          catalog: [TRANSFER],
          deadLetterStore: DeadLetterQueries,
          idempotencyStore: IdempotencyQueries,
          drainMs: 1_000,
        }),
      ],
      providers: [Transfer],
    })
    class Worker {}
    const app = await NestFactory.createApplicationContext(Worker, { logger: false, abortOnError: false });
    cleanUps.push(() => app.close());
    return app;
  }
  const field = (app: INestApplicationContext, jobId: string, name: string) =>
    app.get(RedisConnections).commands.hget(`${redisKeys.queuePrefix('critical')}:critical:${jobId}`, name);
  const outcome = (app: INestApplicationContext, jobId: string) =>
    waitFor(async () => {
      const text = await field(app, jobId, 'returnvalue').catch(() => null);
      return text === null ? undefined : { result: JSON.parse(text) as unknown };
    }, PATIENCE);
  const enqueue = (app: INestApplicationContext, name: string, jobId?: string) =>
    waitFor(
      () => app.get(TaskClient).enqueue(TRANSFER, { name }, jobId === undefined ? {} : { jobId }),
      PATIENCE,
    );

  async function loseRedis(): Promise<void> {
    await redis.kill();
    await redis.restart();
  }

  it('is executed once for 50 jobs and 6 workers', async () => {
    const workers = await Promise.all(Array.from({ length: 6 }, () => start()));
    const receipts = await Promise.all(
      Array.from({ length: 50 }, (_, index) => enqueue(workers[index % 6]!, 'many', `mine-${index}`)),
    );
    const outcomes = await Promise.all(receipts.map(({ jobId }) => outcome(workers[0]!, jobId)));
    for (const one of outcomes) expect(one).toEqual(outcomes[0]);
    expect(runs).toEqual(['many']);
  });

  it('gives a duplicate the first outcome after Redis was lost', async () => {
    const worker = await start();
    const first = await enqueue(worker, 'kept');
    const { result } = await outcome(worker, first.jobId);
    await loseRedis();

    const second = await enqueue(worker, 'kept');
    expect(second.jobId).toBe(first.jobId);
    expect(await outcome(worker, second.jobId)).toEqual({ result });
    expect(runs).toEqual(['kept']);
    const record = await worker.get(RedisConnections).commands.keys('bus:idem:*');
    expect(record).toHaveLength(1);
  });

  it('comes to the outcome of its successor when Redis lost the job of the run under way, whatever that one comes to', async () => {
    let finish = (): void => undefined;
    const finished = new Promise<void>((resolve) => (finish = resolve));
    behave = () => finished.then(() => ({ receipt: 'the first' }));
    const worker = await start();
    await enqueue(worker, 'halfway');
    await waitFor(() => runs.length === 1, PATIENCE);
    await loseRedis();

    // The run has lost its job and cannot commit any more; the same work enqueued again is done anew.
    behave = () => Promise.resolve({ receipt: 'the second' });
    const second = await enqueue(worker, 'halfway');
    expect(await outcome(worker, second.jobId)).toEqual({ result: { receipt: 'the second' } });
    expect(runs).toEqual(['halfway', 'halfway']);
    finish();
    await loseRedis();
    const third = await enqueue(worker, 'halfway');
    expect(await outcome(worker, third.jobId)).toEqual({ result: { receipt: 'the second' } });
    expect(runs).toEqual(['halfway', 'halfway']);
  });

  it('does not run while Postgres is away, and runs when it is back', async () => {
    const postgres: PostgresServer = await startPostgres();
    cleanUps.push(() => postgres.stop());
    const worker = await start(postgres.url);
    await postgres.kill();
    const { jobId } = await enqueue(worker, 'patient');
    await waitFor(async () => Number(await field(worker, jobId, 'atm')) >= 1, PATIENCE);
    expect(await field(worker, jobId, 'stacktrace')).toContain('IdempotencyUnavailableError');
    expect(runs).toEqual([]);
    await postgres.restart();
    await outcome(worker, jobId);
    expect(runs).toEqual(['patient']);
  });
});
