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
  readonly attemptsStarted: number;
  readonly finishedOn?: number | undefined;
}

/** The letter of a job that has failed for good. The same failure always gives the same letter. */
export function letterOfJob(queue: string, job: FailedJob): DeadLetter {
  return {
    queue,
    jobId: job.id ?? 'unknown',
    taskName: job.name ?? 'unknown',
    params: shownParams(job.name, readParams(job.data) ?? job.data ?? null),
    ...reasonOf(job),
    attempts: Math.max(job.attemptsStarted, job.attemptsMade),
    correlationId: readCorrelationId(job.data) ?? null,
    failedAt: new Date(job.finishedOn ?? 0),
  };
}

function reasonOf(job: FailedJob): { reason: string; detail: string } {
  if (job.deferredFailure !== undefined) return { reason: STALLED_REASON, detail: job.deferredFailure };
  return readFailure(job.failedReason ?? '');
}
