import { setTimeout as sleep } from 'node:timers/promises';
import { Inject, Injectable, Logger, Optional } from '@nestjs/common';
import type { OnApplicationBootstrap, OnModuleDestroy } from '@nestjs/common';
import { CircuitBreakers, isServiceName, serviceLabel } from '@bus/circuit-breaker';
import { Metrics } from '@bus/observability';
import { RedisConnections } from '@bus/platform';
import { ProducerQueues } from '../client/producer-queues.ts';
import type { QueueName } from '../queues/queue-catalog.ts';
import { RepeatedWarnings } from '../repeated-warnings.ts';
import { TASK_WORKER_OPTIONS } from '../runner/task-worker.options.ts';
import type { TaskWorkerOptions } from '../runner/task-worker.options.ts';
import { ParkedJobs, countParkedJobs } from './parked-jobs.ts';

/** Between two doses while jobs are being released. */
const DOSE_EVERY_MS = 250;

/** A release normally begins the moment a circuit closes; this is for news that got lost. */
const LOOK_EVERY_MS = 5_000;

/**
 * Brings parked jobs back when the circuit that refused them has closed, in growing doses. Every worker of a queue does it, each
 * job is taken by one of them, and none is needed: a parked job also comes back by itself when its delay is over.
 */
@Injectable()
export class ParkedJobsRelease implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly warnings = new RepeatedWarnings(new Logger(ParkedJobsRelease.name));
  private readonly parked: ParkedJobs;
  private readonly queues: ProducerQueues;
  private readonly stopping = new AbortController();
  private releasing: Promise<void> | undefined;
  private timer: NodeJS.Timeout | undefined;

  constructor(
    @Inject(TASK_WORKER_OPTIONS) private readonly options: TaskWorkerOptions,
    private readonly connections: RedisConnections,
    private readonly metrics: Metrics,
    @Optional() private readonly circuits?: CircuitBreakers,
  ) {
    this.parked = new ParkedJobs(connections.commands);
    this.queues = new ProducerQueues(connections.commands, (queue, error) =>
      this.warnings.warn(`queue ${queue}`, error),
    );
  }

  onApplicationBootstrap(): void {
    const stopListening = this.circuits?.onChange((_service, state) => {
      if (state === 'closed') void this.release();
    });
    this.stopping.signal.addEventListener('abort', () => stopListening?.());
    this.timer = setInterval(() => void this.release(), LOOK_EVERY_MS);
    this.metrics.beforeCollect(() => this.measure());
  }

  async onModuleDestroy(): Promise<void> {
    clearInterval(this.timer);
    this.stopping.abort();
    await this.releasing;
  }

  /** Releases until nothing is left that may be released. Never rejects; does not overlap. */
  release(): Promise<void> {
    this.releasing ??= this.releaseAll().finally(() => {
      this.releasing = undefined;
    });
    return this.releasing;
  }

  private async releaseAll(): Promise<void> {
    const { signal } = this.stopping;
    try {
      while (!signal.aborted && (await this.releaseDose())) await sleep(DOSE_EVERY_MS, undefined, { signal });
    } catch (error) {
      // The next look goes on where this one stopped.
      if (!signal.aborted) this.warnings.warn('release of parked jobs', error);
    }
  }

  /** One dose of every queue and service. Whether more is left to release. */
  private async releaseDose(): Promise<boolean> {
    let hasMore = false;
    for (const queue of this.options.queues) {
      for (const { service } of await countParkedJobs(this.connections.commands, queue)) {
        if (await this.isCallable(service)) hasMore = (await this.releaseSome(queue, service)) || hasMore;
      }
    }
    return hasMore;
  }

  private async isCallable(service: string): Promise<boolean> {
    if (this.circuits === undefined || !isServiceName(service)) return false;
    return (await this.circuits.state(service)).state.name === 'closed';
  }

  private async releaseSome(queue: QueueName, service: string): Promise<boolean> {
    const { jobIds, left } = await this.parked.take(queue, service);
    const { backend } = await this.queues.ready(queue);
    for (const jobId of jobIds) {
      try {
        await backend.promote(jobId);
      } catch (error) {
        if (!isNotDelayed(error)) throw error;
        // Back already, or removed by somebody.
        await this.parked.drop(queue, service, jobId);
      }
    }
    return left > 0;
  }

  private async measure(): Promise<void> {
    const { commands } = this.connections;
    // A scrape does not wait for Redis, and is not refused because of it.
    if (commands.status !== 'ready') return;
    try {
      const counts = await Promise.all(this.options.queues.map((queue) => countParkedJobs(commands, queue)));
      const gauge = this.metrics.gauge('bus_task_parked_jobs');
      gauge.reset();
      for (const { queue, service, jobs } of counts.flat()) {
        gauge.inc({ queue, service: serviceLabel(service) }, jobs);
      }
    } catch (error) {
      this.warnings.warn('number of parked jobs', error);
    }
  }
}

/** BullMQ's codes for a job that is gone, or not in the state it was asked to leave. */
function isNotDelayed(error: unknown): boolean {
  const { code } = error as { code?: unknown };
  return code === -1 || code === -3;
}
