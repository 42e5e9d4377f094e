import 'reflect-metadata';

import { loadSettings, PlatformModule, RedisSettings, RuntimeSettings } from '@bus/platform';
import { TaskClient, TaskClientModule, type EnqueueOptions } from '@bus/task-base';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Queue, type JobsOptions } from 'bullmq';
import { Redis } from 'ioredis';
import { randomUUID } from 'node:crypto';

import { BARE_PREFIX, BARE_QUEUE, BARE_SETTINGS } from './bare-queue.ts';
import { BARE_ATTEMPTS, BARE_PRIORITY, BENCH_TASK, type BenchParams } from './bench-task.ts';
import type { Side } from './worker-process.ts';

/** Adds jobs on one side. */
export interface Producer {
  /** With `id`, the work is named, as when a message may come twice. */
  add(params: BenchParams, id?: string): Promise<unknown>;
  addMany(params: readonly BenchParams[]): Promise<unknown>;
  close(): Promise<unknown>;
}

export function startProducer(side: Side, redisUrl: string): Promise<Producer> {
  return side === 'bus' ? startBusProducer(redisUrl) : startBareProducer(redisUrl);
}

/** The client of the bus as an app gets it. */
async function startBusProducer(redisUrl: string): Promise<Producer> {
  const settings = loadSettings(
    { runtime: RuntimeSettings, redis: RedisSettings },
    { REDIS_URL: redisUrl, LOG_LEVEL: 'warn' },
  );
  @Module({ imports: [PlatformModule.forRoot({ app: 'bench', ...settings }), TaskClientModule] })
  class BenchProducer {}
  const app = await NestFactory.createApplicationContext(BenchProducer, {
    logger: ['warn', 'error'],
    abortOnError: false,
  });
  const client = app.get(TaskClient);
  return {
    add: (params, id) => client.enqueue(BENCH_TASK, params, optionsOf(id)),
    addMany: (many) =>
      client.enqueueMany(
        BENCH_TASK,
        many.map((params) => ({ params })),
      ),
    close: () => app.close(),
  };
}

function optionsOf(jobId: string | undefined): EnqueueOptions {
  return jobId === undefined ? {} : { jobId };
}

/** BullMQ's queue with the options the client of the bus gives its jobs. */
async function startBareProducer(redisUrl: string): Promise<Producer> {
  const connection = new Redis(redisUrl);
  const queue = new Queue<BenchParams>(BARE_QUEUE, {
    connection,
    prefix: BARE_PREFIX,
    // The length the bus keeps.
    streams: { events: { maxLen: 1_000 } },
  });
  await queue.waitUntilReady();
  const { name } = BENCH_TASK;
  const { backoffMs } = BENCH_TASK.retry;
  const opts = (id: string = randomUUID()): JobsOptions => ({
    jobId: `${name}-${id}`,
    priority: BARE_PRIORITY,
    attempts: BARE_ATTEMPTS,
    backoff: { type: 'exponential', delay: backoffMs },
    stackTraceLimit: 3,
    sizeLimit: BARE_SETTINGS.maxJobBytes,
  });
  return {
    add: (params, id) => queue.add(name, params, opts(id)),
    addMany: (many) => queue.addBulk(many.map((data) => ({ name, data, opts: opts() }))),
    close: async () => {
      await queue.close();
      await connection.quit();
    },
  };
}
