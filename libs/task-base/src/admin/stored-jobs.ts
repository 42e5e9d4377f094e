import { redisKeys } from '@bus/platform';
import type { RedisConnection } from '@bus/platform';
import { QueueKeys } from 'bullmq';
import { QUEUE_NAMES } from '../queues/queue-catalog.ts';
import type { QueueName } from '../queues/queue-catalog.ts';
import type { JobState } from '../queues/queue-states.ts';
import { JOB_FIELDS, jobViewOf } from './job-view.ts';
import type { JobRef, JobView } from './job-view.ts';

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
    const views = await Promise.all(
      refs.map(async (ref) => {
        const [values, found] = await Promise.all([
          this.connection.hmget(jobKey(ref), ...JOB_FIELDS),
          state ?? this.stateOf(ref),
        ]);
        // Every job has this field; what has not is another hash of the queue.
        const isJob = typeof values[JOB_FIELDS.indexOf('timestamp')] === 'string';
        return isJob ? jobViewOf(ref, found, values) : undefined;
      }),
    );
    return views.filter((view) => view !== undefined);
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
