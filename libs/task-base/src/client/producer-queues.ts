import { Queue } from 'bullmq';
import type { RedisConnection } from '@bus/platform';
import { redisKeys } from '@bus/platform';
import type { JobData } from './job-data.ts';
import type { QueueName } from '../queues/queue-catalog.ts';

/** Nobody reads these streams in production; the library writes them for each step of each job all the same. */
const KEPT_EVENTS = 1_000;

export type TaskQueue = Queue<JobData, unknown, string>;

/**
 * The BullMQ queues of one producer, opened at first use over one shared connection. A queue that could not be opened is
 * forgotten and opened anew by the next caller: BullMQ itself would answer with the first failure for ever.
 */
export class ProducerQueues {
  private readonly opening = new Map<QueueName, Promise<TaskQueue>>();
  private readonly opened = new Map<QueueName, TaskQueue>();
  private readonly connection: RedisConnection;
  private readonly onError: (queue: QueueName, error: Error) => void;
  private becomingReady: Promise<void> | undefined;

  constructor(connection: RedisConnection, onError: (queue: QueueName, error: Error) => void) {
    this.connection = connection;
    this.onError = onError;
  }

  /** Resolves when the queue can take jobs; waits for Redis as long as the connection does. */
  ready(name: QueueName): Promise<TaskQueue> {
    let opening = this.opening.get(name);
    if (opening === undefined) {
      opening = this.open(name);
      this.opening.set(name, opening);
      opening.catch(() => this.opening.delete(name));
    }
    return opening;
  }

  /** The queue when it has been opened before. */
  openQueue(name: QueueName): TaskQueue | undefined {
    return this.opened.get(name);
  }

  private async open(name: QueueName): Promise<TaskQueue> {
    await this.connectionReady();
    const queue: TaskQueue = new Queue(name, {
      connection: this.connection,
      prefix: redisKeys.queuePrefix(name),
      streams: { events: { maxLen: KEPT_EVENTS } },
    });
    queue.on('error', (error) => this.onError(name, error));
    await queue.waitUntilReady();
    this.opened.set(name, queue);
    return queue;
  }

  /** BullMQ takes a cluster for ready a step too early, when a producer's connection still refuses every command. */
  private connectionReady(): Promise<void> {
    if (this.connection.status === 'ready') return Promise.resolve();
    this.becomingReady ??= new Promise<void>((resolve) => this.connection.once('ready', resolve)).finally(
      () => {
        this.becomingReady = undefined;
      },
    );
    return this.becomingReady;
  }
}
