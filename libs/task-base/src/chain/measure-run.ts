import type { Metrics } from '@bus/observability';
import type { TaskLink, TaskRun } from './task-run.ts';

/** Counts starts, times runs, and times how long a job waited for a worker. How an attempt ended is counted by the worker. */
export function measureRun(metrics: Metrics): TaskLink {
  const started = metrics.counter('bus_task_started_total');
  const waited = metrics.histogram('bus_task_queue_wait_seconds');
  const duration = metrics.histogram('bus_task_duration_seconds');
  const active = metrics.gauge('bus_worker_jobs_active');
  return async (run, next) => {
    const labels = { queue: run.queue, task: run.taskName };
    const startedAt = performance.now();
    active.inc({ queue: run.queue });
    // Counting takes longer than many a run; what the run has to send goes first.
    setImmediate(() => {
      started.inc(labels);
      const waitSeconds = queueWaitSeconds(run);
      if (waitSeconds !== undefined) waited.observe(labels, waitSeconds);
    });
    try {
      return await next();
    } finally {
      duration.observe(labels, (performance.now() - startedAt) / 1_000);
      active.dec({ queue: run.queue });
    }
  };
}

/** Only a first start tells how long a job waited: later ones include failed runs and their back-off. */
function queueWaitSeconds({ job }: TaskRun): number | undefined {
  if (job.attemptsStarted !== 1 || job.processedOn === undefined || !Number.isFinite(job.timestamp))
    return undefined;
  return Math.max(0, job.processedOn - job.timestamp - (job.opts.delay ?? 0)) / 1_000;
}
