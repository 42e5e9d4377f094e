import { Inject, Injectable, Logger } from '@nestjs/common';
import { readScheduleRunId } from '../client/job-data.ts';
import { RepeatedWarnings } from '../repeated-warnings.ts';
import { SCHEDULE_RUN_STORE } from './schedule-store.ts';
import type { RunEnd, ScheduleRunStore } from './schedule-store.ts';
import { describeJobFailure } from './scheduled-jobs.ts';

/** The part of a job a report is made of. */
interface ReportedJob {
  readonly data: unknown;
  readonly failedReason?: string | undefined;
}

/** Tells the store what becomes of jobs that schedules have caused. Other jobs cost one look at their data. */
@Injectable()
export class ScheduleReports {
  private readonly warnings = new RepeatedWarnings(new Logger(ScheduleReports.name));
  private readonly pending = new Set<Promise<void>>();

  constructor(@Inject(SCHEDULE_RUN_STORE) private readonly runs: ScheduleRunStore) {}

  /**
   * Whether the job may run: false for a late copy of a run that has succeeded already, which can turn up when a scheduler was
   * frozen while it enqueued. Without an answer from the store it may: doing it twice is better than not at all.
   */
  async mayRun(runId: string, job: { queue: string; jobId: string }): Promise<boolean> {
    try {
      return await this.runs.start(runId, job);
    } catch (error) {
      this.warnings.warn('the start of a scheduled run is not recorded', error);
      return true;
    }
  }

  /** Never rejects and is not waited for: what is not written now is found by the sweep of open runs. */
  succeeded(job: ReportedJob): void {
    this.settle(job, () => ({ state: 'succeeded', reason: null }));
  }

  /** For a job that is given up, not for one that will be retried. */
  failed(job: ReportedJob): void {
    this.settle(job, () => ({ state: 'failed', reason: describeJobFailure(job.failedReason ?? '') }));
  }

  /** Resolves when nothing is on its way to the store. */
  async settled(): Promise<void> {
    await Promise.all(this.pending);
  }

  private settle(job: ReportedJob, end: () => RunEnd): void {
    const runId = readScheduleRunId(job.data);
    if (runId === undefined) return;
    const work = this.runs
      .settle(runId, end())
      .catch((error: unknown) => this.warnings.warn('the end of a scheduled run is not recorded yet', error))
      .finally(() => this.pending.delete(work));
    this.pending.add(work);
  }
}
