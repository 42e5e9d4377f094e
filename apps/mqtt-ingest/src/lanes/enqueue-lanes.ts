import { Injectable, Logger } from '@nestjs/common';
import { ReadinessRegistry } from '@bus/observability';
import { RedisWriteBarrier, RepeatedWarning } from '@bus/platform';
import { TaskClient } from '@bus/task-base';
import type { TaskDefinition } from '@bus/task-base';
import { hash } from 'node:crypto';
import { IngestSettings } from '../settings.ts';
import { EnqueueLane } from './enqueue-lane.ts';
import type { LaneBarrier, LaneOptions, LaneSender } from './enqueue-lane.ts';

/** One message of a batch job, and what tells it from every other. */
export interface BatchItem<E extends object> {
  readonly entry: E;
  readonly sourceId: string;
  readonly messageId: string;
}

/** One job of its own. */
export interface SingleItem<P extends object> {
  readonly params: P;
  readonly jobId: string;
}

/** Adds at once in one round trip; a batch grows only while the one before it is on its way. */
const MAX_SINGLES = 200;
const MAX_SINGLES_BYTES = 4 * 1024 * 1024;

/** Far below what a job may weigh, since JSON can grow when it is written anew (1e20 has 4 characters, then 21). */
const MAX_BATCH_BYTES = 1024 * 1024;

/** Batches of one lane on their way at the same time. */
const BATCHES_IN_FLIGHT = 3;

/** All lanes of this process: made here, so that readiness and shutdown know every one of them. */
@Injectable()
export class EnqueueLanes {
  private readonly logger = new Logger(EnqueueLanes.name);
  private readonly warning = new RepeatedWarning(this.logger);
  private readonly lanes: Pick<EnqueueLane<never>, 'name' | 'currentFailure' | 'drain' | 'stop'>[] = [];

  constructor(
    private readonly tasks: TaskClient,
    private readonly barrier: RedisWriteBarrier,
    private readonly settings: IngestSettings,
    readiness: ReadinessRegistry,
  ) {
    readiness.register('enqueue', () => this.check());
  }

  /** A lane of one job per message, in the order of arrival. A message never waits for another one to come. */
  singles<P extends object>(task: TaskDefinition<P>): EnqueueLane<SingleItem<P>> {
    return this.add(
      task,
      async (items) => {
        const receipts = await this.tasks.enqueueMany(task, items);
        return receipts.map(({ duplicate }) => duplicate);
      },
      { maxMessages: MAX_SINGLES, maxBytes: MAX_SINGLES_BYTES, maxWaitMs: 0, maxInFlight: 1 },
    );
  }

  /** A lane of jobs that carry many messages each. The same messages always make the same job. */
  batches<E extends object>(task: TaskDefinition<{ messages: E[] }>): EnqueueLane<BatchItem<E>> {
    return this.add(
      task,
      async (items) => {
        const ids = items.map(({ sourceId, messageId }) => `${sourceId}\n${messageId}`).join('\n');
        const receipt = await this.tasks.enqueue(
          task,
          { messages: items.map(({ entry }) => entry) },
          { jobId: hash('sha256', ids, 'hex') },
        );
        return items.map(() => receipt.duplicate);
      },
      {
        maxMessages: this.settings.INGEST_BATCH_MAX_MESSAGES,
        maxBytes: MAX_BATCH_BYTES,
        maxWaitMs: this.settings.INGEST_BATCH_MAX_WAIT_MS,
        maxInFlight: BATCHES_IN_FLIGHT,
      },
    );
  }

  /** Gives every lane up to `timeoutMs` to hand over what it holds, then abandons the rest. True when nothing was left. */
  async drain(timeoutMs: number): Promise<boolean> {
    let timer: NodeJS.Timeout | undefined;
    const timeout = new Promise<false>((resolve) => {
      timer = setTimeout(() => resolve(false), timeoutMs);
    });
    const drained = Promise.all(this.lanes.map((lane) => lane.drain())).then(() => true as const);
    try {
      return await Promise.race([drained, timeout]);
    } finally {
      clearTimeout(timer);
      for (const lane of this.lanes) lane.stop();
    }
  }

  private add<T>(task: TaskDefinition, send: LaneSender<T>, options: LaneOptions) {
    const watched: LaneSender<T> = async (items) => {
      try {
        return await send(items);
      } catch (error) {
        this.warning.warn(
          `${items.length} messages for ${task.name} could not be enqueued; the broker keeps them until they are.`,
          error instanceof Error ? error : new Error(String(error)),
        );
        throw error;
      }
    };
    const watchedBarrier: LaneBarrier = {
      mark: () => this.barrier.mark(),
      passed: async (mark) => {
        try {
          await this.barrier.passed(mark);
        } catch (error) {
          this.warning.warn(
            `Messages for ${task.name} are enqueued again: Redis may have lost what it confirmed.`,
            error instanceof Error ? error : new Error(String(error)),
          );
          throw error;
        }
      },
    };
    const lane = new EnqueueLane<T>(task.name, watched, watchedBarrier, options);
    this.lanes.push(lane);
    return lane;
  }

  private check(): Promise<void> {
    for (const { name, currentFailure } of this.lanes) {
      if (currentFailure !== undefined) {
        return Promise.reject(
          new Error(`messages for ${name} are not being enqueued: ${currentFailure.message}`),
        );
      }
    }
    return Promise.resolve();
  }
}
