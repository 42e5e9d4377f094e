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
import { CancelWatch } from '../cancel/cancel-watch.ts';
import { RunCancellations } from '../cancel/run-cancellations.ts';
import { fencingTokenOf } from '../chain/fencing-token.ts';
import { RunControl } from '../chain/run-control.ts';
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
import { ActiveRuns } from './active-runs.ts';
import type { ActiveRun } from './active-runs.ts';
import { readOwnership } from './job-ownership.ts';
import { QueueWorker } from './queue-worker.ts';
import { retryDelayMs } from './retry-delay.ts';
import { RunOutcomes } from './run-outcomes.ts';
import { SuspectRuns } from './suspect-runs.ts';
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
  private readonly active = new ActiveRuns();
  private readonly suspects = new SuspectRuns();
  private readonly connection: RedisConnection;
  private readonly commands: RedisConnection;
  private readonly outcomes: RunOutcomes;
  private readonly cancelWatch: CancelWatch;
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
    @Optional() @Inject(IDEMPOTENCY_STORE) private readonly idempotencyStore?: IdempotencyStore,
    @Optional() private readonly scheduleReports?: ScheduleReports,
  ) {
    this.connection = connections.create('blocking', 'task-worker');
    this.recorder = new DeadLetterRecorder(store, this.logger);
    this.sweeper = new DeadLetterSweeper(options.queues, this.connection, this.recorder, this.logger);
    this.commands = connections.commands;
    const cancellations = new RunCancellations(this.commands);
    this.outcomes = new RunOutcomes(metrics, cancellations, this.logger);
    this.cancelWatch = new CancelWatch(
      options.queues,
      connections.create('subscriber', 'cancels'),
      cancellations,
      (queue) => this.active.of(queue),
      this.logger,
    );
    const claims = { of: claimsOver(this.commands, idempotencyStore, this.logger), sealer };
    const parked = new ParkedJobs(this.commands);
    this.runChain = joinLinks(taskChain(metrics, { cancellations, claims, sealer, parked, scheduleReports }));
  }

  /** The gate: throws TaskHandlersIncompleteError before anything of this app takes work. */
  onModuleInit(): void {
    this.handlers = collectHandlers(this.discovery, this.options.catalog, this.options.queues);
    requireTrust(this.handlers, {
      canSeal: this.sealer !== undefined,
      isDurable: this.idempotencyStore !== undefined,
    });
    this.readiness.register('task_workers', () => this.checkRunning());
  }

  onApplicationBootstrap(): void {
    for (const queue of this.options.queues) this.workers.set(queue, this.startWorker(queue));
    this.cancelWatch.start();
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
    await this.drain();
    this.cancelWatch.stop();
  }

  private async drain(): Promise<void> {
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
    const process = (job: Job<unknown>, token?: string): Promise<unknown> => {
      const run = this.newRun(queue, job, token ?? '');
      return this.suspects.inTurn(run, () =>
        this.outcomes.of(run, this.active.track(run, this.runChain(run))),
      );
    };
    const options = {
      ...workerOptions(queue, this.connection, this.handlers),
      // Shown with the jobs it runs, and in the names of its connections.
      name: this.runtime.INSTANCE_ID,
    };
    const worker = new QueueWorker(queue, process, options, {
      lost: (jobId, token, why) => this.active.disown(queue, jobId, token, why),
      fenced: (job) => this.outcomes.countFenced(queue, this.knownName(queue, job.name), job.id ?? ''),
    });
    observeWorker(worker, queue, {
      metrics: this.metrics,
      recorder: this.recorder,
      warnings: this.warnings,
      scheduleReports: this.scheduleReports,
      knownName: (name) => this.knownName(queue, name),
      wasCancelled: (job) => this.outcomes.wasCancelled(job),
      onGivenUp: (job) => this.outcomes.givenUp(queue, job),
    });
    this.metrics.gauge('bus_worker_up').set({ queue }, 1);
    worker.run().catch((error: unknown) => this.warnings.warn(`queue ${queue} has stopped`, error));
    return worker;
  }

  private newRun(queue: QueueName, job: Job<unknown>, token: string): ActiveRun {
    const handler: TaskHandler | undefined = this.handlers.get(queue)?.get(job.name);
    const taskName = handler?.task.name ?? 'unknown';
    const jobId = job.id ?? '';
    return {
      job,
      jobId,
      token,
      queue,
      handler,
      taskName,
      correlationId: '',
      params: {},
      control: new RunControl(taskName, () => readOwnership(this.commands, { queue, jobId, token, job })),
      fencingToken: fencingTokenOf(job),
      concealed: new ConcealedValues(),
    };
  }

  /** The name a metric may show for a job that could be called anything. */
  private knownName(queue: QueueName, name: string | undefined): string {
    return name !== undefined && this.handlers.get(queue)?.has(name) ? name : 'unknown';
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
