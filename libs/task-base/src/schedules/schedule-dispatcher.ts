import type { Metrics } from '@bus/observability';
import type { TaskClient } from '../client/task-client.ts';
import { jobIdOf } from '../client/job-id.ts';
import type { RepeatedWarnings } from '../repeated-warnings.ts';
import type { TaskDefinition } from '../tasks/define-task.ts';
import type { DueRun, ScheduleRunStore } from './schedule-store.ts';
import { RUN_LEASE_MS } from './schedule-store.ts';
import type { ScheduledJobs } from './scheduled-jobs.ts';
import { slotJitterMs } from './slot-jitter.ts';

/** Runs enqueued by one scheduler in one go. */
const BATCH = 100;

/** Half of the lease: after it the claim is not used any more, since another scheduler is about to have it. */
const CLAIM_GOOD_FOR_MS = RUN_LEASE_MS / 2;

interface DispatcherParts {
  readonly runs: ScheduleRunStore;
  readonly jobs: ScheduledJobs;
  readonly client: Pick<TaskClient, 'enqueue'>;
  readonly catalog: readonly TaskDefinition[];
  readonly metrics: Metrics;
  readonly warnings: RepeatedWarnings;
}

/**
 * Brings decided runs into Redis. A run is committed as due before its job is added, and marked after: whoever dies in between
 * leaves a run that another scheduler adds again under the same job id, which Redis takes once.
 */
export class ScheduleDispatcher {
  private readonly parts: DispatcherParts;

  constructor(parts: DispatcherParts) {
    this.parts = parts;
  }

  /** Enqueues what is due, oldest slot first. True when there may be more. Runs Redis does not take stay due. */
  async dispatch(): Promise<boolean> {
    const { runs, warnings } = this.parts;
    const claimed = await runs.claimDue(BATCH);
    const claimedAt = performance.now();
    for (const run of claimed) {
      if (performance.now() - claimedAt > CLAIM_GOOD_FOR_MS) return true;
      try {
        await this.enqueue(run);
      } catch (error) {
        if (!isRetryable(error)) {
          await this.giveUp(run, error);
          continue;
        }
        // The others would wait for the same Redis, each as long as this one.
        warnings.warn('scheduled runs wait for Redis', error);
        return false;
      }
    }
    return claimed.length === BATCH;
  }

  private async enqueue(run: DueRun): Promise<void> {
    const { runs, jobs, client, catalog, warnings } = this.parts;
    const task = catalog.find(({ name }) => name === run.taskName);
    if (task === undefined) {
      // A newer worker decided it and knows the task.
      warnings.warn(
        `schedule ${run.scheduleName}`,
        new Error(`task '${run.taskName}' is not in the catalog of this worker; left to others`),
      );
      return;
    }
    const jobId = scheduledJobId(run);
    // Asked before the job is added: a Redis that is lost in between is another one then.
    const redisLineage = await jobs.lineage(task.queue);
    await client.enqueue(task, run.params as object, {
      jobId,
      scheduleRunId: run.runId,
      delayMs: delayMs(run),
    });
    await runs.markEnqueued(run.runId, {
      queue: task.queue,
      jobId: jobIdOf(task.name, jobId),
      redisLineage,
    });
    this.measure(run);
  }

  private async giveUp(run: DueRun, error: unknown): Promise<void> {
    const { runs, metrics } = this.parts;
    const reason = error instanceof Error ? error.message : String(error);
    await runs.settle(run.runId, { state: 'failed', reason: `not enqueued: ${reason}` });
    metrics.counter('bus_schedule_slots_total').inc({ result: 'failed' });
  }

  private measure({ cause, lateMs, recoveries }: DueRun): void {
    if (recoveries > 0 || cause === 'manual') return;
    const { metrics } = this.parts;
    metrics
      .counter('bus_schedule_slots_total')
      .inc({ result: cause === 'catch_up' ? 'caught_up' : 'enqueued' });
    if (cause === 'slot') metrics.histogram('bus_schedule_lag_seconds').observe(Math.max(0, lateMs) / 1_000);
  }
}

/** What every scheduler calls the job of a run: made of the slot, and of the run where there is no slot. */
export function scheduledJobId({ scheduleId, slotAt, cause, runId }: DueRun): string {
  if (cause === 'manual') return `schedule.${scheduleId}.run.${runId}`;
  return `schedule.${scheduleId}.${slotAt.toISOString().replaceAll(/[-:]/g, '')}`;
}

/** What is left of the jitter. A run by hand is wanted now. */
function delayMs({ scheduleId, slotAt, cause, jitterSeconds, lateMs }: DueRun): number {
  if (cause === 'manual') return 0;
  return Math.max(0, Math.round(slotJitterMs(scheduleId, slotAt, jitterSeconds) - lateMs));
}

function isRetryable(error: unknown): boolean {
  // Errors of the store have no such mark, and pass.
  return !(typeof error === 'object' && error !== null && 'isRetryable' in error && !error.isRetryable);
}
