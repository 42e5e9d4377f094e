import { Module } from '@nestjs/common';
import type { DynamicModule, InjectionToken, Provider } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { TASK_CATALOG } from '../catalog/task-catalog.ts';
import { DEAD_LETTER_STORE } from '../dead-letters/dead-letter.ts';
import type { DeadLetterStore } from '../dead-letters/dead-letter.ts';
import { PriorityAgeing } from '../queues/priority-ageing.ts';
import type { AgeingOptions } from '../queues/ageing-options.ts';
import { IDEMPOTENCY_STORE } from '../idempotency/claim-store.ts';
import type { IdempotencyStore } from '../idempotency/claim-store.ts';
import type { QueueName } from '../queues/queue-catalog.ts';
import type { TaskDefinition } from '../tasks/define-task.ts';
import { ParkedJobsRelease } from '../parking/parked-jobs-release.ts';
import { ScheduleReports } from '../schedules/schedule-reports.ts';
import { SCHEDULE_RUN_STORE, SCHEDULE_STORE } from '../schedules/schedule-store.ts';
import type { ScheduleRunStore, ScheduleStore } from '../schedules/schedule-store.ts';
import { Scheduler } from '../schedules/scheduler.ts';
import { TASK_WORKER_OPTIONS } from './task-worker.options.ts';
import { TaskWorkers } from './task-workers.ts';

export interface TaskWorkerModuleOptions {
  readonly queues: readonly QueueName[];
  /** Token of what keeps the dead letters, provided by a global module or by one of `imports`. */
  readonly deadLetterStore: InjectionToken<DeadLetterStore>;
  /** Tokens of what keeps schedules and their runs, provided like `deadLetterStore`. Without them this app runs no schedules. */
  readonly schedules?: {
    readonly store: InjectionToken<ScheduleStore>;
    readonly runs: InjectionToken<ScheduleRunStore>;
  };
  /** Token of what keeps the outcomes of durable tasks; a worker of such a task does not start without. */
  readonly idempotencyStore?: InjectionToken<IdempotencyStore>;
  readonly imports?: DynamicModule['imports'];
  /** @default 20 seconds; keep it a few seconds below the process's shutdown deadline */
  readonly drainMs?: number;
  /** @default TASK_CATALOG */
  readonly catalog?: readonly TaskDefinition[];
  /** @default a job rises by one priority for each minute it waits */
  readonly ageing?: AgeingOptions;
}

const DEFAULT_DRAIN_MS = 20_000;

/**
 * Turns an app into a worker of the given queues. Handlers are the providers marked with `@Task`, wherever in the app they are.
 * The app refuses to start when a task of these queues has no handler or two.
 */
@Module({})
export class TaskWorkerModule {
  static forRoot(options: TaskWorkerModuleOptions): DynamicModule {
    const {
      queues,
      deadLetterStore,
      schedules,
      idempotencyStore,
      imports = [],
      drainMs = DEFAULT_DRAIN_MS,
      catalog = TASK_CATALOG,
      ageing,
    } = options;
    return {
      module: TaskWorkerModule,
      imports: [DiscoveryModule, ...imports],
      providers: [
        { provide: TASK_WORKER_OPTIONS, useValue: { queues, drainMs, catalog, ageing } },
        { provide: DEAD_LETTER_STORE, useExisting: deadLetterStore },
        ...scheduleProviders(schedules),
        ...(idempotencyStore === undefined
          ? []
          : [{ provide: IDEMPOTENCY_STORE, useExisting: idempotencyStore }]),
        TaskWorkers,
        PriorityAgeing,
        ParkedJobsRelease,
      ],
      exports: [TaskWorkers],
    };
  }
}

function scheduleProviders(schedules: TaskWorkerModuleOptions['schedules']): Provider[] {
  if (schedules === undefined) return [];
  return [
    { provide: SCHEDULE_STORE, useExisting: schedules.store },
    { provide: SCHEDULE_RUN_STORE, useExisting: schedules.runs },
    ScheduleReports,
    Scheduler,
  ];
}
