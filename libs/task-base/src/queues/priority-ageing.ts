import { Inject, Injectable, Logger } from '@nestjs/common';
import type { OnApplicationBootstrap, OnModuleDestroy } from '@nestjs/common';
import { Metrics } from '@bus/observability';
import { RedisConnections, redisKeys } from '@bus/platform';
import { QueueKeys } from 'bullmq';
import { RepeatedWarnings } from '../repeated-warnings.ts';
import { TASK_WORKER_OPTIONS } from '../runner/task-worker.options.ts';
import type { TaskWorkerOptions } from '../runner/task-worker.options.ts';
import { DEFAULT_AGEING, type AgeingOptions } from './ageing-options.ts';
import { toBullPriority } from './job-priority.ts';
import { QUEUES } from './queue-catalog.ts';
import type { QueueName } from './queue-catalog.ts';
import { RAISE_AGED_JOBS } from './raise-aged-jobs.lua.ts';

/** Jobs looked at per priority in one pass, and the most that wait raised at one priority. */
const JOBS_PER_PRIORITY = 16;

/** The next pass must find the lease gone although its timer comes a little early. */
const LEASE_SHARE = 0.9;

/**
 * Keeps less urgent jobs from starving: jobs that wait long rise through the priorities of their queue. Every worker
 * process tries, a lease in Redis lets one of them do each pass. An urgent newcomer still overtakes all that waits save a
 * handful of raised jobs, at most as many as one process of the queue runs at a time.
 */
@Injectable()
export class PriorityAgeing implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly warnings = new RepeatedWarnings(new Logger(PriorityAgeing.name));
  private readonly ageing: AgeingOptions;
  private timer: NodeJS.Timeout | undefined;
  private sweeping: Promise<void> | undefined;

  constructor(
    @Inject(TASK_WORKER_OPTIONS) private readonly options: TaskWorkerOptions,
    private readonly connections: RedisConnections,
    private readonly metrics: Metrics,
  ) {
    this.ageing = options.ageing ?? DEFAULT_AGEING;
  }

  onApplicationBootstrap(): void {
    this.timer = setInterval(() => void this.sweep(), this.ageing.intervalMs);
  }

  async onModuleDestroy(): Promise<void> {
    clearInterval(this.timer);
    await this.sweeping;
  }

  /** One pass over the queues of this process that nobody else has just looked at. Never rejects; passes do not overlap. */
  sweep(): Promise<void> {
    this.sweeping ??= this.sweepAll().finally(() => {
      this.sweeping = undefined;
    });
    return this.sweeping;
  }

  private async sweepAll(): Promise<void> {
    for (const queue of this.options.queues) {
      try {
        const raised = await this.sweepQueue(queue);
        this.metrics.counter('bus_task_priority_raised_total').inc({ queue }, raised);
      } catch (error) {
        this.warnings.warn(`ageing of queue ${queue}`, error);
      }
    }
  }

  private async sweepQueue(queue: QueueName): Promise<number> {
    const keys = new QueueKeys(redisKeys.queuePrefix(queue));
    const { stepMs, intervalMs } = this.ageing;
    const answer = await this.connections.commands.eval(
      RAISE_AGED_JOBS,
      4,
      keys.toKey(queue, 'prioritized'),
      keys.toKey(queue, 'pc'),
      redisKeys.queueRaisedJobs(queue),
      redisKeys.queueAgeingLease(queue),
      keys.toKey(queue, ''),
      Math.ceil(intervalMs * LEASE_SHARE),
      stepMs,
      toBullPriority(0),
      Math.min(QUEUES[queue].concurrency, JOBS_PER_PRIORITY),
      JOBS_PER_PRIORITY,
    );
    return Number(answer);
  }
}
