import type { Metrics } from '@bus/observability';
import { RunTally } from './run-tally.ts';
import type { TaskLink, TaskRun } from './task-run.ts';
import { whenSettled } from './when-settled.ts';

/** Counts starts, times runs, and times how long a job waited for a worker. How an attempt ended is counted by the worker. */
export function measureRun(metrics: Metrics): TaskLink {
  const tally = new RunTally(metrics);
  return (run, next) => {
    const startedAt = performance.now();
    const ofTask = tally.started(run.queue, run.taskName, queueWaitSeconds(run));
    return whenSettled(next(), () => tally.ended(ofTask, (performance.now() - startedAt) / 1_000));
  };
}

/** Only a first start tells how long a job waited: later ones include failed runs and their back-off. */
function queueWaitSeconds({ job }: TaskRun): number | undefined {
  if (job.attemptsStarted !== 1 || job.processedOn === undefined || !Number.isFinite(job.timestamp))
    return undefined;
  return Math.max(0, job.processedOn - job.timestamp - (job.opts.delay ?? 0)) / 1_000;
}
