import { readFailure } from '../chain/failure-reason.ts';
import { readCorrelationId, readParams } from '../client/job-data.ts';
import { shownParams } from '../privacy/shown-params.ts';
import type { DeadLetter } from './dead-letter.ts';

/** The reason of a job that lost its worker too often. */
export const STALLED_REASON = 'TASK_STALLED';

/** What a letter is made of, whether the job comes from a worker or was read from Redis. */
export interface FailedJob {
  readonly id?: string | undefined;
  readonly name?: string | undefined;
  readonly data: unknown;
  readonly failedReason?: string | undefined;
  /** Set by BullMQ when it gives up on a job without running it again. */
  readonly deferredFailure?: string | undefined;
  readonly attemptsMade: number;
  /** How often it lost its worker. */
  readonly stalledCounter: number;
  readonly finishedOn?: number | undefined;
}

/** The letter of a job that has failed for good. The same failure always gives the same letter. */
export function letterOfJob(queue: string, job: FailedJob): DeadLetter {
  const failure = readFailure(job.deferredFailure ?? job.failedReason ?? '');
  // Being given up counts as an attempt in Redis, though nothing ran. Starts are not what is counted: a job may step aside or wait
  // for a service many times without any of its runs ending badly.
  const failed = failure.reason === STALLED_REASON ? job.attemptsMade - 1 : job.attemptsMade;
  return {
    queue,
    jobId: job.id ?? 'unknown',
    taskName: job.name ?? 'unknown',
    params: shownParams(job.name, readParams(job.data) ?? job.data ?? null),
    ...failure,
    attempts: failed + job.stalledCounter,
    correlationId: readCorrelationId(job.data) ?? null,
    failedAt: new Date(job.finishedOn ?? 0),
  };
}
