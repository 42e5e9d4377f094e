import type { Metrics } from '@bus/observability';
import { QUEUES } from '../queues/queue-catalog.ts';
import type { QueueName } from '../queues/queue-catalog.ts';
import { TaskQueueFullError } from '../task-base.errors.ts';
import type { RedisMemory } from './redis-memory.ts';

/** Lanes that may fill Redis further than the others: critical and device_commands. */
const URGENT_LANE = 9;

/** Parts of Redis's memory from which jobs are refused. What is left above is for the workers, whose steps need room too. */
const REFUSED_FROM = 0.75;
const URGENT_REFUSED_FROM = 0.9;

/** The code Redis begins its answer with when a write would need more memory than it may use. */
const OUT_OF_MEMORY = /\bOOM command not allowed\b/;

/** Keeps a Redis that fills up working: jobs are refused early enough that the ones already there can still be done. */
export class Admission {
  private readonly memory: RedisMemory;
  private readonly metrics: Metrics;

  constructor(memory: RedisMemory, metrics: Metrics) {
    this.memory = memory;
    this.metrics = metrics;
  }

  /**
   * Resolves when the queue may take jobs.
   *
   * @throws TaskQueueFullError while Redis is too full for this queue
   */
  async check(queue: QueueName, jobs: number): Promise<void> {
    if ((await this.memory.usedRatio(queue)) >= refusedFrom(queue)) throw this.refused(queue, jobs);
  }

  /** Whether `check` would resolve without asking Redis. */
  isKnownToPass(queue: QueueName): boolean {
    const ratio = this.memory.freshRatio(queue);
    return ratio !== undefined && ratio < refusedFrom(queue);
  }

  /** The refusal Redis itself answered with; undefined when the error is of another kind. */
  refusalOf(error: unknown, queue: QueueName, jobs: number): TaskQueueFullError | undefined {
    const isFull = error instanceof Error && OUT_OF_MEMORY.test(error.message);
    return isFull ? this.refused(queue, jobs, error) : undefined;
  }

  private refused(queue: QueueName, jobs: number, cause?: Error): TaskQueueFullError {
    this.metrics.counter('bus_task_admission_refused_total').inc({ queue }, jobs);
    return new TaskQueueFullError(queue, cause);
  }
}

function refusedFrom(queue: QueueName): number {
  return QUEUES[queue].priority >= URGENT_LANE ? URGENT_REFUSED_FROM : REFUSED_FROM;
}
