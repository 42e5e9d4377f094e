import { writeTogether } from '@bus/platform';
import type { RedisConnection } from '@bus/platform';
import { concernsRun, parseCancellation } from '../cancel/cancellation.ts';
import { placeOf } from '../cancel/job-address.ts';
import type { Ownership } from '../chain/run-control.ts';
import type { QueueName } from '../queues/queue-catalog.ts';

/** A run, as the lock on its job knows it. */
export interface Owner {
  readonly queue: QueueName;
  readonly jobId: string;
  readonly token: string;
  readonly job: { readonly timestamp: number; readonly attemptsStarted: number };
}

/**
 * The job is the run's while the lock carries its token, the job was not started again since (a worker may use one token for two
 * starts, one after the other) and it is still the same request. One round trip; rejects when Redis does not answer.
 */
export async function readOwnership(connection: RedisConnection, owner: Owner): Promise<Ownership> {
  const { queue, jobId, token, job } = owner;
  const place = placeOf(queue, jobId);
  writeTogether(connection);
  const [lock, [starts, requestTime], stored] = await Promise.all([
    connection.get(place.lock),
    connection.hmget(place.job, 'ats', 'timestamp'),
    connection.get(place.cancellation),
  ]);
  const cancellation = parseCancellation(stored);
  return {
    isOwner:
      lock === token && Number(starts) === job.attemptsStarted && Number(requestTime) === job.timestamp,
    cancellation: concernsRun(cancellation, job.timestamp) ? cancellation : undefined,
  };
}
