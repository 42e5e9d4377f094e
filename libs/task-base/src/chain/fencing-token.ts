import type { StoredJob } from './task-run.ts';

const MICROSECONDS_PER_MS = 1_000;

/**
 * The number behind `TaskContext.fencingToken`: the time of the request in microseconds, plus one for each start since. BullMQ counts
 * a start each time it hands the job out, also after a lost worker; a new request for a finished job has a later time (see
 * `runAgainIfWanted`). A start takes longer than a microsecond, so the starts of one request never reach the time of the next, and
 * a count that begins anew never makes the token fall.
 */
export function fencingTokenOf({
  timestamp,
  attemptsStarted,
}: Pick<StoredJob, 'timestamp' | 'attemptsStarted'>): number {
  // A job that was not enqueued by this bus may lack the time.
  const requestedAtMs = Number.isSafeInteger(timestamp) ? timestamp : 0;
  return requestedAtMs * MICROSECONDS_PER_MS + attemptsStarted;
}
