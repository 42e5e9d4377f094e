import type { RepeatedWarnings } from '../repeated-warnings.ts';
import type { OpenRun, ScheduleRunStore } from './schedule-store.ts';
import type { ScheduledJobs } from './scheduled-jobs.ts';

/** Open runs looked at in one go. */
const BATCH = 200;

interface SweeperParts {
  readonly runs: ScheduleRunStore;
  readonly jobs: ScheduledJobs;
  readonly warnings: RepeatedWarnings;
}

/**
 * Looks up the jobs of runs that are not reported as ended. Reports normally come from the worker at once; this is for workers
 * that died before they could, and for jobs that a lost Redis took with it: those become due again.
 */
export class OpenRunSweeper {
  private readonly parts: SweeperParts;

  constructor(parts: SweeperParts) {
    this.parts = parts;
  }

  async sweep(): Promise<void> {
    for (const run of await this.parts.runs.claimOpen(BATCH)) await this.look(run);
  }

  private async look(run: OpenRun): Promise<void> {
    const { runs, jobs, warnings } = this.parts;
    const fate = await jobs.fate(run.queue, run.jobId);
    switch (fate.state) {
      case 'open':
        return;
      case 'succeeded':
        return runs.settle(run.runId, { state: 'succeeded', reason: null });
      case 'failed':
        return runs.settle(run.runId, { state: 'failed', reason: fate.reason });
      case 'missing': {
        if ((await jobs.lineage(run.queue)) === run.redisLineage) {
          return runs.settle(run.runId, { state: 'removed', reason: 'its job was taken out of Redis' });
        }
        warnings.warn(
          'scheduled runs are enqueued again',
          new Error(`Redis has lost the job of schedule ${run.scheduleName}`),
        );
        return runs.markLost(run.runId);
      }
      default:
        return fate satisfies never;
    }
  }
}
