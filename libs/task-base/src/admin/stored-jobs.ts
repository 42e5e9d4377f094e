import { redisKeys } from '@bus/platform';
import type { RedisConnection } from '@bus/platform';
import { QueueKeys } from 'bullmq';
import { parseCancellation } from '../cancel/cancellation.ts';
import type { Cancellation } from '../cancel/cancellation.ts';
import { readParking } from '../parking/parked-jobs.ts';
import { QUEUE_NAMES } from '../queues/queue-catalog.ts';
import type { QueueName } from '../queues/queue-catalog.ts';
import type { JobState } from '../queues/queue-states.ts';
import { JOB_FIELDS, jobViewOf } from './job-view.ts';
import type { JobRef, JobView } from './job-view.ts';

/** BullMQ's score of a delayed job: the time it is due, times this, plus a running number. */
const SCORE_PER_MS = 0x1000;

/**
 * Reads jobs field by field, in few round trips and whatever lies there: BullMQ's own getters throw on the first job that is not
 * JSON. Changes nothing.
 */
export class StoredJobs {
  private readonly connection: RedisConnection;

  constructor(connection: RedisConnection) {
    this.connection = connection;
  }

  /** Every queue that has a job with this id; ids of ours begin with their task, so there is one at most. */
  async locate(jobId: string, queues: readonly QueueName[] = QUEUE_NAMES): Promise<JobRef[]> {
    const types = await Promise.all(queues.map((queue) => this.connection.type(jobKey({ queue, jobId }))));
    return queues
      .filter((_, index) => types[index] === 'hash' && !isOwnKey(jobId))
      .map((queue) => ({ queue, jobId }));
  }

  /** The job, or undefined when it is gone. */
  async read(ref: JobRef): Promise<JobView | undefined> {
    const [view] = await this.readMany([ref]);
    return view;
  }

  /** The jobs that are still there, in the order of the references. `state` spares asking for it when it is known. */
  async readMany(refs: readonly JobRef[], state?: JobState): Promise<JobView[]> {
    const views = await Promise.all(refs.map((ref) => this.readOne(ref, state)));
    return views.filter((view) => view !== undefined);
  }

  /** The last cancel of the job, also of one that is gone. */
  async cancellationOf({ queue, jobId }: JobRef): Promise<Cancellation | undefined> {
    return parseCancellation(await this.connection.get(redisKeys.jobCancellation(queue, jobId)));
  }

  /** 'unknown' for a job that is between two states at this moment, or gone. */
  async stateOf({ queue, jobId }: JobRef): Promise<JobState | 'unknown'> {
    const key = (kind: string): string => queueKey(queue, kind);
    const [completed, failed, delayed, prioritized, active, waiting] = await Promise.all([
      this.connection.zscore(key('completed'), jobId),
      this.connection.zscore(key('failed'), jobId),
      this.connection.zscore(key('delayed'), jobId),
      this.connection.zscore(key('prioritized'), jobId),
      this.connection.lpos(key('active'), jobId),
      this.connection.lpos(key('wait'), jobId),
    ]);
    const found = Object.entries({ completed, failed, delayed, prioritized, active, waiting }).find(
      ([, place]) => place !== null,
    );
    return (found?.[0] as JobState | undefined) ?? 'unknown';
  }

  private async readOne(ref: JobRef, known: JobState | undefined): Promise<JobView | undefined> {
    const { queue, jobId } = ref;
    const [values, delayedScore, state, parking, cancellation] = await Promise.all([
      this.fieldsOf(ref),
      this.connection.zscore(stateKey(queue, 'delayed'), jobId),
      known ?? this.stateOf(ref),
      readParking(this.connection, queue, jobId),
      this.cancellationOf(ref),
    ]);
    // Every job has this field; what has not is something else of the queue.
    if (typeof values[JOB_FIELDS.indexOf('timestamp')] !== 'string') return undefined;
    const runsAt = delayedScore === null ? null : new Date(Math.floor(Number(delayedScore) / SCORE_PER_MS));
    const isParked = state === 'delayed' && parking !== undefined;
    return jobViewOf(
      ref,
      { state, runsAt, parking: isParked ? parking : null, cancellation: cancellation ?? null },
      values,
    );
  }

  private async fieldsOf(ref: JobRef): Promise<(string | null)[]> {
    try {
      return await this.connection.hmget(jobKey(ref), ...JOB_FIELDS);
    } catch (error) {
      // One key that is no job must not hide all the others.
      if (error instanceof Error && error.message.startsWith('WRONGTYPE')) return [];
      throw error;
    }
  }
}

/** The collection BullMQ keeps the jobs of a state in. */
export function stateKey(queue: QueueName, state: JobState): string {
  return queueKey(queue, state === 'waiting' ? 'wait' : state);
}

export function jobKey({ queue, jobId }: JobRef): string {
  return queueKey(queue, jobId);
}

export function queueKey(queue: QueueName, kind: string): string {
  return new QueueKeys(redisKeys.queuePrefix(queue)).toKey(queue, kind);
}

/** `meta` is a hash of the queue itself, not a job named meta. */
function isOwnKey(jobId: string): boolean {
  return jobId === '' || Object.hasOwn(new QueueKeys().getKeys('any'), jobId);
}
