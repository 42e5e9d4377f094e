import type { Logger } from '@nestjs/common';
import type { RedisConnection } from '@bus/platform';
import { RepeatedWarnings } from '../repeated-warnings.ts';
import type { QueueName } from '../queues/queue-catalog.ts';
import { letterKeyOf } from './dead-letter-recorder.ts';
import type { DeadLetterRecorder } from './dead-letter-recorder.ts';
import { FailedJobs } from './failed-jobs.ts';
import { letterOfJob } from './letter-of-job.ts';

/** Between two looks at the failed jobs. A letter normally reaches the store at once; this is for the ones that did not. */
const SWEEP_INTERVAL_MS = 30_000;

/**
 * Compares the failed jobs in Redis with the letters this process knows to be kept and offers the rest to the store: letters the
 * store could not take, and failures of workers that died before they could write. The store ignores what it has already.
 */
export class DeadLetterSweeper {
  private readonly queues: readonly QueueName[];
  private readonly connection: RedisConnection;
  private readonly recorder: DeadLetterRecorder;
  private readonly warnings: RepeatedWarnings;
  private timer: NodeJS.Timeout | undefined;
  private sweeping: Promise<void> | undefined;
  private stopped = false;

  constructor(
    queues: readonly QueueName[],
    connection: RedisConnection,
    recorder: DeadLetterRecorder,
    logger: Logger,
  ) {
    this.queues = queues;
    this.connection = connection;
    this.recorder = recorder;
    this.warnings = new RepeatedWarnings(logger);
  }

  /** Sweeps now and every thirty seconds. */
  start(): void {
    this.timer = setInterval(() => void this.sweep(), SWEEP_INTERVAL_MS);
    void this.sweep();
  }

  /** Starts no further pass; the one that runs ends after its present letter. */
  stop(): void {
    this.stopped = true;
    clearInterval(this.timer);
  }

  /** One pass over all queues. Never rejects; passes do not overlap. */
  sweep(): Promise<void> {
    this.sweeping ??= this.sweepAll().finally(() => {
      this.sweeping = undefined;
    });
    return this.sweeping;
  }

  private async sweepAll(): Promise<void> {
    for (const queue of this.queues) {
      try {
        await this.sweepQueue(queue);
      } catch (error) {
        this.warnings.warn(`dead letters of ${queue}`, error);
      }
    }
  }

  private async sweepQueue(queue: QueueName): Promise<void> {
    const failedJobs = new FailedJobs(queue, this.connection);
    const present = new Set<string>();
    for (const failed of await failedJobs.list()) {
      if (this.stopped) return;
      const key = letterKeyOf(queue, failed.jobId, failed.failedAtMs);
      present.add(key);
      if (this.recorder.has(key)) continue;
      // The first letter the store refuses ends the pass: the next pass tries again, and the log stays readable.
      if (!(await this.recorder.record(letterOfJob(queue, await failedJobs.read(failed))))) return;
    }
    this.recorder.retain(queue, present);
  }
}
