/** The bare side's worker: BullMQ, the settings of the bus's queue, the handler, and nothing else. */
import { Worker } from 'bullmq';
import { Redis } from 'ioredis';

import { requiredArgument } from '../load/arguments.ts';
import { BARE_PREFIX, BARE_QUEUE, BARE_SETTINGS } from './bare-queue.ts';
import type { BenchParams, BenchResult } from './bench-task.ts';
import { RunRecorder } from './run-recorder.ts';

const { concurrency, lockDurationMs, stalledIntervalMs, maxStalledCount, keepCompleted, keepFailed } =
  BARE_SETTINGS;
const recorder = new RunRecorder();
const connection = new Redis(requiredArgument('redis'), { maxRetriesPerRequest: null });
const worker = new Worker<BenchParams, BenchResult>(
  BARE_QUEUE,
  async ({ data }) => {
    recorder.entered(data);
    return { number: data.number, stored: true };
  },
  {
    connection,
    prefix: BARE_PREFIX,
    concurrency,
    lockDuration: lockDurationMs,
    stalledInterval: stalledIntervalMs,
    maxStalledCount,
    removeOnComplete: { age: keepCompleted.ageSeconds, count: keepCompleted.count },
    removeOnFail: { age: keepFailed.ageSeconds, count: keepFailed.count },
  },
);
worker.on('failed', (_job, error) => recorder.failed(error.message));
worker.on('error', (error) => recorder.failed(error.message));
process.once('disconnect', () => {
  void worker
    .close()
    .then(() => connection.quit())
    .then(() => process.exit(0));
});
await worker.waitUntilReady();
recorder.ready();
