import type { RedisConnection } from '@bus/platform';
import type { QueueName } from '../queues/queue-catalog.ts';
import type { Cancellation } from '../cancel/cancellation.ts';
import { taskNameOf } from '../client/job-id.ts';
import type { JobRef, JobView } from './job-view.ts';
import { queueKey } from './stored-jobs.ts';

/** One thing that happened to a job. */
export interface JobStep {
  readonly at: Date;
  readonly what:
    | 'enqueued'
    | 'waiting'
    | 'started'
    | 'delayed'
    | 'parked'
    | 'worker-lost'
    | 'cancel-asked'
    | 'cancelled'
    | 'failed'
    | 'completed'
    | 'removed';
  readonly queue: QueueName;
  readonly jobId: string;
  readonly taskName: string;
  readonly detail: string;
}

/** BullMQ's events that tell something; of the others (progress, drained …) the job itself has the latest. */
const STEP_OF_EVENT: Readonly<Record<string, JobStep['what']>> = {
  waiting: 'waiting',
  active: 'started',
  delayed: 'delayed',
  stalled: 'worker-lost',
  failed: 'failed',
  completed: 'completed',
  removed: 'removed',
};

const MAX_EVENTS_READ = 10_000;

/**
 * The steps of jobs, oldest first. A queue keeps its latest events only; of older work there remains what the job itself has: when
 * it was enqueued, its latest start and its end.
 */
export async function jobSteps(connection: RedisConnection, jobs: readonly JobView[]): Promise<JobStep[]> {
  const queues = [...new Set(jobs.map(({ queue }) => queue))];
  const events = (await Promise.all(queues.map((queue) => readEvents(connection, queue, jobs)))).flat();
  const known = new Set(events.map(({ jobId, what }) => `${jobId} ${what}`));
  const own = jobs.flatMap(stepsOfJob).filter(({ jobId, what }) => !known.has(`${jobId} ${what}`));
  return [...own, ...events].toSorted((one, other) => one.at.getTime() - other.at.getTime());
}

async function readEvents(
  connection: RedisConnection,
  queue: QueueName,
  jobs: readonly JobView[],
): Promise<JobStep[]> {
  const wanted = new Map(jobs.filter((job) => job.queue === queue).map((job) => [job.jobId, job]));
  const entries = await connection.xrevrange(queueKey(queue, 'events'), '+', '-', 'COUNT', MAX_EVENTS_READ);
  return entries.toReversed().flatMap(([id, fields]) => {
    const field = (name: string): string => fields[fields.indexOf(name) + 1] ?? '';
    const job = wanted.get(field('jobId'));
    const what = STEP_OF_EVENT[field('event')];
    if (job === undefined || what === undefined) return [];
    return [
      { at: new Date(Number(id.split('-')[0])), what, ...identityOf(job), detail: detailOf(what, job) },
    ];
  });
}

function stepsOfJob(job: JobView): JobStep[] {
  const step = (what: JobStep['what'], at: Date | null, detail: string): JobStep[] =>
    at === null ? [] : [{ at, what, ...identityOf(job), detail }];
  return [
    ...step(
      'enqueued',
      job.enqueuedAt,
      `in ${job.queue}${job.delayMs > 0 ? `, to start ${job.delayMs} ms later` : ''}`,
    ),
    ...step('started', job.startedAt, detailOf('started', job)),
    ...(job.parking === null
      ? []
      : step('parked', job.parking.parkedAt, `until ${job.parking.service} is called again`)),
    ...(job.cancellation === null ? [] : stepsOfCancellation(job, job.cancellation)),
    ...(job.state === 'failed' ? step('failed', job.finishedAt, detailOf('failed', job)) : []),
    ...(job.state === 'completed' ? step('completed', job.finishedAt, '') : []),
  ];
}

/** Of a job that may be gone: cancelling one that waits takes it out of Redis. */
export function stepsOfCancellation(ref: JobRef, cancellation: Cancellation): JobStep[] {
  const { outcome, by, reason, requestedAt, settledAt, was } = cancellation;
  const asked = [by === null ? '' : `by ${by}`, reason ?? ''].filter((text) => text !== '').join(': ');
  const step = (what: JobStep['what'], at: Date, detail: string) => ({
    at,
    what,
    ...identityOf(ref),
    detail,
  });
  return [
    step('cancel-asked', requestedAt, asked),
    ...(outcome === 'cancelled' && settledAt !== null
      ? [step('cancelled', settledAt, `while it was ${was}`)]
      : []),
  ];
}

function detailOf(what: JobStep['what'], job: JobView): string {
  if (what === 'failed' && job.failure !== null) return `${job.failure.reason}: ${job.failure.detail}`;
  if (what === 'started' && job.worker !== null) return `by ${job.worker}`;
  return '';
}

function identityOf({ queue, jobId, taskName }: JobRef & Partial<Pick<JobView, 'taskName'>>) {
  return { queue, jobId, taskName: taskName ?? taskNameOf(jobId) ?? 'unknown' };
}
