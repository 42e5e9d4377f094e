import type { RedisConnection } from '@bus/platform';
import { redisKeys } from '@bus/platform';
import type { Logger } from '@nestjs/common';
import type { RunControl } from '../chain/run-control.ts';
import type { QueueName } from '../queues/queue-catalog.ts';
import { RepeatedWarnings } from '../repeated-warnings.ts';
import { TaskCancelledError } from '../task-base.errors.ts';
import type { CancellableRun, RunCancellations } from './run-cancellations.ts';

/** A run of this process that can be told to end. */
export interface WatchedRun extends CancellableRun {
  readonly control: RunControl;
}

/** Between two looks at the cancellations of running jobs: the longest a run goes on when pub/sub tells nothing. */
const LOOK_INTERVAL_MS = 1_000;

/**
 * Tells the runs of this process that their job was cancelled. Pub/sub makes it quick and is only a hint to look; a look each second,
 * of one command per queue that has runs, makes it certain. A process without runs asks nothing.
 */
export class CancelWatch {
  private readonly queues: readonly QueueName[];
  private readonly subscriber: RedisConnection;
  private readonly cancellations: RunCancellations;
  private readonly runsOf: (queue: QueueName) => WatchedRun[];
  private readonly warnings: RepeatedWarnings;
  private timer: NodeJS.Timeout | undefined;

  constructor(
    queues: readonly QueueName[],
    subscriber: RedisConnection,
    cancellations: RunCancellations,
    runsOf: (queue: QueueName) => WatchedRun[],
    logger: Logger,
  ) {
    this.queues = queues;
    this.subscriber = subscriber;
    this.cancellations = cancellations;
    this.runsOf = runsOf;
    this.warnings = new RepeatedWarnings(logger);
  }

  start(): void {
    const queueOfChannel = new Map(this.queues.map((queue) => [redisKeys.cancelChannel(queue), queue]));
    this.subscriber.on('message', (channel: string) => {
      const queue = queueOfChannel.get(channel);
      if (queue !== undefined) void this.look(queue);
    });
    this.subscriber.subscribe(...queueOfChannel.keys()).catch((error: unknown) => this.warn(error));
    this.timer = setInterval(() => {
      for (const queue of this.queues) void this.look(queue);
    }, LOOK_INTERVAL_MS);
  }

  /** The subscription ends with its connection. */
  stop(): void {
    clearInterval(this.timer);
  }

  private async look(queue: QueueName): Promise<void> {
    const runs = this.runsOf(queue).filter(({ control }) => control.cancelled === undefined);
    if (runs.length === 0) return;
    try {
      const found = await this.cancellations.of(runs);
      for (const [index, { control }] of runs.entries()) {
        const cancellation = found[index];
        if (cancellation !== undefined) {
          control.cancel(new TaskCancelledError(control.taskName, cancellation.reason));
        }
      }
    } catch (error) {
      this.warn(error);
    }
  }

  private warn(error: unknown): void {
    this.warnings.warn('cancelled jobs cannot be looked for; running ones go on', error);
  }
}
