import type { Job, Worker } from 'bullmq';
import type { Metrics } from '@bus/observability';
import { taskNameOf } from '../client/job-id.ts';
import type { DeadLetterRecorder } from '../dead-letters/dead-letter-recorder.ts';
import { letterOfJob } from '../dead-letters/letter-of-job.ts';
import type { RepeatedWarnings } from '../repeated-warnings.ts';
import type { QueueName } from '../queues/queue-catalog.ts';
import type { ScheduleReports } from '../schedules/schedule-reports.ts';

export interface WorkerObservers {
  readonly metrics: Metrics;
  readonly recorder: DeadLetterRecorder;
  readonly warnings: RepeatedWarnings;
  /** The name a metric may show for a job that could be called anything. */
  readonly knownName: (name: string | undefined) => string;
  /** Only in a worker that runs schedules. */
  readonly scheduleReports: ScheduleReports | undefined;
  /** Whether the job ended because it was cancelled, which BullMQ can only call a failure. */
  readonly wasCancelled: (job: Job) => boolean;
  /** Told of each job that has failed for good. */
  readonly onGivenUp: (job: Job) => void;
}

/** Counts what becomes of jobs once Redis knows it, and hands the ones given up to the dead letters. */
export function observeWorker(
  worker: Worker<unknown, unknown, string>,
  queue: QueueName,
  observers: WorkerObservers,
): void {
  const { metrics, recorder, warnings, knownName, scheduleReports, wasCancelled, onGivenUp } = observers;
  const ended = metrics.counter('bus_task_completed_total');
  // Told together when the metrics are read: finding the series takes longer than many a task.
  const succeeded = new Map<string, number>();
  metrics.beforeCollect(() => {
    for (const [task, runs] of succeeded) ended.inc({ queue, task, result: 'success' }, runs);
    succeeded.clear();
  });
  worker.on('completed', (job) => {
    const task = knownName(job.name);
    succeeded.set(task, (succeeded.get(task) ?? 0) + 1);
    scheduleReports?.succeeded(job);
  });
  worker.on('failed', (job) => {
    if (job === undefined) return;
    const task = knownName(job.name);
    if (wasCancelled(job)) {
      ended.inc({ queue, task, result: 'cancelled' });
      metrics.counter('bus_task_cancelled_total').inc({ queue, task });
      scheduleReports?.failed(job);
      return;
    }
    ended.inc({ queue, task, result: 'failure' });
    if (!isFinal(job)) {
      metrics.counter('bus_task_retried_total').inc({ queue, task });
      return;
    }
    const letter = letterOfJob(queue, job);
    metrics.counter('bus_task_dead_letters_total').inc({ queue, task, reason: letter.reason });
    void recorder.record(letter);
    scheduleReports?.failed(job);
    onGivenUp(job);
  });
  worker.on('stalled', (jobId) => {
    metrics.counter('bus_task_stalled_total').inc({ queue });
    warnings.warn(
      `queue ${queue}`,
      new Error(`${taskNameOf(jobId) ?? 'a job'} lost its worker and is run again`),
    );
  });
  worker.on('error', (error) => {
    metrics.counter('bus_worker_errors_total').inc({ queue });
    warnings.warn(`queue ${queue}`, error);
  });
}

/** BullMQ sets this only when the job has left for the failed set; a job that will be retried has no end yet. */
function isFinal(job: Job): boolean {
  return job.finishedOn !== undefined && job.finishedOn !== null;
}
