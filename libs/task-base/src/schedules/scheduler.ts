import { Inject, Injectable, Logger } from '@nestjs/common';
import type { OnApplicationBootstrap, OnModuleDestroy } from '@nestjs/common';
import { Metrics } from '@bus/observability';
import { RedisConnections } from '@bus/platform';
import { TaskClient } from '../client/task-client.ts';
import { RepeatedWarnings } from '../repeated-warnings.ts';
import { TASK_WORKER_OPTIONS } from '../runner/task-worker.options.ts';
import type { TaskWorkerOptions } from '../runner/task-worker.options.ts';
import { decideSlots } from './decide-slots.ts';
import { OpenRunSweeper } from './open-run-sweeper.ts';
import { ScheduleDispatcher } from './schedule-dispatcher.ts';
import { SCHEDULE_RUN_STORE, SCHEDULE_STORE } from './schedule-store.ts';
import type { DecidedSlot, ScheduleRunStore, ScheduleStore } from './schedule-store.ts';
import { ScheduledJobs } from './scheduled-jobs.ts';

/** An edit takes effect within this. A known slot is waited for exactly. */
const LOOK_EVERY_MS = 1_000;
const SWEEP_EVERY_MS = 5_000;
const PURGE_EVERY_MS = 60_000;

/** Schedules decided in one transaction. */
const BATCH = 50;
const PURGE_BATCH = 5_000;

/**
 * Runs tasks by the clock. Every worker process has one; there is no leader. Postgres decides who decides a slot, and keeps the
 * decision before anything is enqueued, so each slot has one run, whoever dies and when. Its clock is the only one that counts.
 */
@Injectable()
export class Scheduler implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly warnings = new RepeatedWarnings(new Logger(Scheduler.name));
  private readonly dispatcher: ScheduleDispatcher;
  private readonly sweeper: OpenRunSweeper;
  private timer: NodeJS.Timeout | undefined;
  private looking: Promise<void> = Promise.resolve();
  private sweptAt = Number.NEGATIVE_INFINITY;
  private purgedAt = performance.now();
  private isStopped = false;

  constructor(
    @Inject(SCHEDULE_STORE) private readonly store: ScheduleStore,
    @Inject(SCHEDULE_RUN_STORE) private readonly runs: ScheduleRunStore,
    @Inject(TASK_WORKER_OPTIONS) private readonly options: Pick<TaskWorkerOptions, 'catalog'>,
    private readonly metrics: Metrics,
    client: TaskClient,
    connections: RedisConnections,
  ) {
    const { warnings } = this;
    // A connection that rejects at once while Redis is away: slots are decided in time all the same.
    const jobs = new ScheduledJobs(connections.create('producer', 'scheduler'));
    const { catalog } = options;
    this.dispatcher = new ScheduleDispatcher({ runs, jobs, client, catalog, metrics, warnings });
    this.sweeper = new OpenRunSweeper({ runs, jobs, warnings });
  }

  onApplicationBootstrap(): void {
    this.lookIn(0);
  }

  /** Starts nothing more and waits for what is on its way, a few seconds when a backend does not answer. */
  async onModuleDestroy(): Promise<void> {
    this.isStopped = true;
    clearTimeout(this.timer);
    await this.looking;
  }

  private lookIn(delayMs: number): void {
    if (this.isStopped) return;
    this.timer = setTimeout(() => {
      this.looking = this.look().then((nextLookMs) => this.lookIn(nextLookMs));
    }, delayMs);
  }

  /** One look: decide, enqueue, sweep. Never rejects; resolves with the pause until the next. */
  private async look(): Promise<number> {
    try {
      const { isDue, hasPendingRuns, nextSlotInMs } = await this.store.outlook();
      const isMoreDue = isDue && (await this.decide());
      const isMoreToEnqueue = (isDue || hasPendingRuns) && (await this.enqueue());
      await this.tidy();
      if (isMoreDue || isMoreToEnqueue) return 0;
      // Decided just now: the next slot is another one, at an unknown time.
      if (isDue) return untilNext((await this.store.outlook()).nextSlotInMs);
      return untilNext(nextSlotInMs);
    } catch (error) {
      this.warnings.warn('schedules cannot be worked on', error);
      return LOOK_EVERY_MS;
    }
  }

  private async decide(): Promise<boolean> {
    const decided = await this.store.decideDue(BATCH, (due) => decideSlots(due, this.options.catalog));
    const slots = this.metrics.counter('bus_schedule_slots_total');
    for (const { due, decision } of decided) {
      if (decision.ok) {
        slots.inc({ result: 'skipped' }, countSkipped(decision.slots));
        continue;
      }
      slots.inc({ result: 'failed' });
      this.warnings.warn(`schedule ${due.schedule.name}`, new Error(decision.error));
    }
    return decided.length === BATCH;
  }

  private async enqueue(): Promise<boolean> {
    await this.runs.releaseWaiting();
    return this.dispatcher.dispatch();
  }

  private async tidy(): Promise<void> {
    const now = performance.now();
    if (now - this.sweptAt >= SWEEP_EVERY_MS) {
      this.sweptAt = now;
      await this.sweeper.sweep();
      this.metrics.gauge('bus_schedules_failing').set(await this.store.countFailing());
    }
    if (now - this.purgedAt >= PURGE_EVERY_MS) {
      this.purgedAt = now;
      await this.runs.purge(PURGE_BATCH);
    }
  }
}

function countSkipped(decided: readonly DecidedSlot[]): number {
  return decided.filter(({ state }) => state === 'skipped').reduce((sum, { slots }) => sum + slots, 0);
}

function untilNext(nextSlotInMs: number | undefined): number {
  return Math.min(LOOK_EVERY_MS, Math.max(0, Math.ceil(nextSlotInMs ?? LOOK_EVERY_MS)));
}
