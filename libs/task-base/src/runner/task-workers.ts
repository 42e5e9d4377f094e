import { Inject, Injectable, Logger, Optional } from '@nestjs/common';
import type {
  BeforeApplicationShutdown,
  OnApplicationBootstrap,
  OnModuleDestroy,
  OnModuleInit,
} from '@nestjs/common';
import { DiscoveryService } from '@nestjs/core';
import type { Job, WorkerOptions } from 'bullmq';
import { ValueSealer } from '@bus/channel-layer';
import { ConcealedValues, Metrics, ReadinessRegistry } from '@bus/observability';
import { RedisConnections, redisKeys, RuntimeSettings } from '@bus/platform';
import type { RedisConnection } from '@bus/platform';
import { joinLinks } from '../chain/task-run.ts';
import type { TaskHandler, TaskRun } from '../chain/task-run.ts';
import { taskChain } from '../chain/task-chain.ts';
import { DEAD_LETTER_STORE } from '../dead-letters/dead-letter.ts';
import type { DeadLetterStore } from '../dead-letters/dead-letter.ts';
import { DeadLetterRecorder } from '../dead-letters/dead-letter-recorder.ts';
import { DeadLetterSweeper } from '../dead-letters/dead-letter-sweeper.ts';
import { claimsOver } from '../idempotency/claims-over.ts';
import { IDEMPOTENCY_STORE } from '../idempotency/claim-store.ts';
import type { IdempotencyStore } from '../idempotency/claim-store.ts';
import { ParkedJobs } from '../parking/parked-jobs.ts';
import { RepeatedWarnings } from '../repeated-warnings.ts';
import { QUEUES } from '../queues/queue-catalog.ts';
import type { QueueName } from '../queues/queue-catalog.ts';
import { ScheduleReports } from '../schedules/schedule-reports.ts';
import { ActiveJobs } from './active-jobs.ts';
import { QueueWorker } from './queue-worker.ts';
import { retryDelayMs } from './retry-delay.ts';
import { collectHandlers } from './task-handlers.ts';
import type { TaskHandlers } from './task-handlers.ts';
import { requireTrust } from './require-trust.ts';
import { TASK_WORKER_OPTIONS } from './task-worker.options.ts';
import type { TaskWorkerOptions } from './task-worker.options.ts';
import { observeWorker } from './worker-events.ts';

/** How long a given-back job may take to reach its queue before the process stops waiting for it. */
const GIVE_BACK_MS = 1_000;

/** Pause after a lost connection. The library's fifteen seconds would be the longest part of any Redis restart. */
const RECONNECT_PAUSE_MS = 500;

/**
 * Runs the tasks of this process's queues: one BullMQ worker per queue, every job through the same chain.
 *
 * A job is done at least once: it leaves Redis only after its handler has ended. On shutdown intake stops at once; what runs may
 * end until the drain deadline, the rest goes back to its queue for another worker without counting as a failure.
 */
@Injectable()
export class TaskWorkers
  implements OnModuleInit, OnApplicationBootstrap, OnModuleDestroy, BeforeApplicationShutdown
{
  private readonly logger = new Logger(TaskWorkers.name);
  private readonly warnings = new RepeatedWarnings(this.logger);
  private readonly workers = new Map<QueueName, QueueWorker>();
  private readonly active = new ActiveJobs();
  private readonly connection: RedisConnection;
  private readonly recorder: DeadLetterRecorder;
  private readonly sweeper: DeadLetterSweeper;
  private readonly runChain: (run: TaskRun) => Promise<unknown>;
  private handlers: TaskHandlers = new Map();
  private closing: Promise<unknown> | undefined;

  constructor(
    @Inject(TASK_WORKER_OPTIONS) private readonly options: TaskWorkerOptions,
    @Inject(DEAD_LETTER_STORE) store: DeadLetterStore,
    private readonly discovery: DiscoveryService,
    private readonly metrics: Metrics,
    private readonly readiness: ReadinessRegistry,
    private readonly runtime: RuntimeSettings,
    connections: RedisConnections,
    @Optional() private readonly sealer?: ValueSealer,
    @Optional() @Inject(IDEMPOTENCY_STORE) private readonly outcomes?: IdempotencyStore,
    @Optional() private readonly scheduleReports?: ScheduleReports,
  ) {
    this.connection = connections.create('blocking', 'task-worker');
    this.recorder = new DeadLetterRecorder(store, this.logger);
    this.sweeper = new DeadLetterSweeper(options.queues, this.connection, this.recorder, this.logger);
    const claims = { of: claimsOver(connections.commands, outcomes, this.logger), sealer };
    const parked = new ParkedJobs(connections.commands);
    this.runChain = joinLinks(taskChain(metrics, { claims, sealer, parked, scheduleReports }));
  }

  /** The gate: throws TaskHandlersIncompleteError before anything of this app takes work. */
  onModuleInit(): void {
    this.handlers = collectHandlers(this.discovery, this.options.catalog, this.options.queues);
    requireTrust(this.handlers, {
      canSeal: this.sealer !== undefined,
      isDurable: this.outcomes !== undefined,
    });
    this.readiness.register('task_workers', () => this.checkRunning());
  }

  onApplicationBootstrap(): void {
    for (const queue of this.options.queues) this.workers.set(queue, this.startWorker(queue));
    this.sweeper.start();
    this.logger.log(`working on ${this.options.queues.join(', ')}`);
  }

  /** Intake stops here, at once, also of a worker that waits for a job this moment. */
  onModuleDestroy(): void {
    this.sweeper.stop();
    this.closing = Promise.allSettled([...this.workers.values()].map((worker) => worker.close()));
    for (const queue of this.options.queues) this.metrics.gauge('bus_worker_up').set({ queue }, 0);
  }

  async beforeApplicationShutdown(): Promise<void> {
    if (await endsWithin(this.options.drainMs, this.closing)) return this.settled();
    this.logger.warn(`giving back what is not done yet: ${this.active.names.join(', ')}`);
    this.active.giveBackAll();
    if (!(await endsWithin(GIVE_BACK_MS, this.closing))) {
      // Redis does not answer. The locks run out by themselves, and other workers redo the jobs.
      this.logger.error(
        `not given back, another worker will find them lost: ${this.active.names.join(', ')}`,
      );
    }
  }

  /** What jobs have come to is written down. */
  private async settled(): Promise<void> {
    await Promise.all([this.recorder.settled(), this.scheduleReports?.settled()]);
  }

  private startWorker(queue: QueueName): QueueWorker {
    // Three parameters, all named: BullMQ hands out a signal for cancelling only to processors that ask for it.
    const process = (job: Job<unknown>, token?: string, signal?: AbortSignal): Promise<unknown> =>
      this.process(queue, job, token ?? '', signal ?? new AbortController().signal);
    const worker = new QueueWorker(queue, process, {
      ...workerOptions(queue, this.connection, this.handlers),
      // Shown with the jobs it runs, and in the names of its connections.
      name: this.runtime.INSTANCE_ID,
    });
    observeWorker(worker, queue, {
      metrics: this.metrics,
      recorder: this.recorder,
      warnings: this.warnings,
      scheduleReports: this.scheduleReports,
      knownName: (name) => (name !== undefined && this.handlers.get(queue)?.has(name) ? name : 'unknown'),
    });
    this.metrics.gauge('bus_worker_up').set({ queue }, 1);
    worker.run().catch((error: unknown) => this.warnings.warn(`queue ${queue} has stopped`, error));
    return worker;
  }

  private process(queue: QueueName, job: Job<unknown>, token: string, signal: AbortSignal): Promise<unknown> {
    const handler: TaskHandler | undefined = this.handlers.get(queue)?.get(job.name);
    const run: TaskRun = {
      job,
      jobId: job.id ?? '',
      token,
      queue,
      handler,
      taskName: handler?.task.name ?? 'unknown',
      correlationId: '',
      params: {},
      signal,
      concealed: new ConcealedValues(),
    };
    return this.active.track(job, `${run.taskName} ${run.jobId}`, token, this.runChain(run));
  }

  private checkRunning(): Promise<void> {
    const stopped = [...this.workers].filter(([, worker]) => !worker.isRunning()).map(([queue]) => queue);
    if (stopped.length > 0) return Promise.reject(new Error(`not taking jobs from ${stopped.join(', ')}`));
    return Promise.resolve();
  }
}

function workerOptions(queue: QueueName, connection: RedisConnection, handlers: TaskHandlers): WorkerOptions {
  const settings = QUEUES[queue];
  const { ageSeconds, count } = settings.keepCompleted;
  return {
    connection,
    prefix: redisKeys.queuePrefix(queue),
    concurrency: settings.concurrency,
    lockDuration: settings.lockDurationMs,
    stalledInterval: settings.stalledIntervalMs,
    maxStalledCount: settings.maxStalledCount,
    removeOnComplete: { age: ageSeconds, count },
    removeOnFail: { age: settings.keepFailed.ageSeconds, count: settings.keepFailed.count },
    runRetryDelay: RECONNECT_PAUSE_MS,
    settings: {
      backoffStrategy: (failures, _type, _error, job) =>
        retryDelayMs(handlers.get(queue)?.get(job?.name ?? '')?.task.retry ?? settings.retry, failures),
    },
  };
}

async function endsWithin(timeoutMs: number, work: Promise<unknown> | undefined): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), timeoutMs);
  });
  const ended = Promise.resolve(work).then(() => true as const);
  return Promise.race([ended, timeout]).finally(() => clearTimeout(timer));
}
