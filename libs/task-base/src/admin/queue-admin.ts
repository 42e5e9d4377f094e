import type { RedisConnection } from '@bus/platform';
import { countParkedJobs } from '../parking/parked-jobs.ts';
import type { ParkedCount } from '../parking/parked-jobs.ts';
import { ProducerQueues } from '../client/producer-queues.ts';
import { QUEUES, QUEUE_NAMES } from '../queues/queue-catalog.ts';
import type { QueueDefinition, QueueName } from '../queues/queue-catalog.ts';
import { queueStates } from '../queues/queue-states.ts';
import type { QueueState } from '../queues/queue-states.ts';
import { connectedWorkers } from '../queues/queue-workers.ts';
import type { ConnectedWorker } from '../queues/queue-workers.ts';

/** A queue with its settings and who works on it. */
export interface QueueDetails extends QueueState {
  readonly settings: QueueDefinition;
  readonly workerList: readonly ConnectedWorker[];
}

/** Small enough that removing them does not hold Redis up. */
const JOBS_PER_REMOVAL = 1_000;

/** Looks at queues and steers them, from any process. Rejects when Redis does not answer. */
export class QueueAdmin {
  private readonly connection: RedisConnection;
  private readonly queues: ProducerQueues;

  /** The connection stays the caller's. Its errors are those of the calls. */
  constructor(connection: RedisConnection) {
    this.connection = connection;
    this.queues = new ProducerQueues(connection, () => undefined);
  }

  list(names: readonly QueueName[] = QUEUE_NAMES): Promise<QueueState[]> {
    return queueStates(this.connection, names);
  }

  async show(queue: QueueName): Promise<QueueDetails> {
    const [states, workers] = await Promise.all([this.list([queue]), this.workers()]);
    const [state] = states;
    if (state === undefined) throw new RangeError(`no queue '${queue}'`);
    return {
      ...state,
      settings: QUEUES[queue],
      workerList: workers.filter((worker) => worker.queue === queue),
    };
  }

  /** Every worker that is connected, of all queues. */
  workers(): Promise<ConnectedWorker[]> {
    return connectedWorkers(this.connection);
  }

  /** How many jobs wait for services whose circuits are open, by queue and service. */
  async parked(names: readonly QueueName[] = QUEUE_NAMES): Promise<ParkedCount[]> {
    const counts = await Promise.all(names.map((queue) => countParkedJobs(this.connection, queue)));
    return counts.flat().filter(({ jobs }) => jobs > 0);
  }

  /** Workers start nothing more from the queue, in all processes; what runs ends. Jobs are taken in all the same. */
  async pause(queue: QueueName): Promise<void> {
    await (await this.queues.ready(queue)).pause();
  }

  async resume(queue: QueueName): Promise<void> {
    await (await this.queues.ready(queue)).resume();
  }

  /**
   * Removes the jobs that wait, for good, and returns how many there were; with `delayed` also those that wait for their time.
   * What runs, failed or is done stays. Jobs that come in meanwhile may go too.
   */
  async drain(queue: QueueName, options: { delayed?: boolean } = {}): Promise<number> {
    const opened = await this.queues.ready(queue);
    const states = [
      'prioritized',
      'wait',
      ...(options.delayed === true ? (['delayed'] as const) : []),
    ] as const;
    let removed = 0;
    for (const state of states) {
      let batch: string[];
      do {
        batch = await opened.clean(0, JOBS_PER_REMOVAL, state);
        removed += batch.length;
      } while (batch.length === JOBS_PER_REMOVAL);
    }
    return removed;
  }
}
