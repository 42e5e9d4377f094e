import { redisKeys } from '@bus/platform';
import type { RedisConnection } from '@bus/platform';
import { QueueKeys } from 'bullmq';
import type { QueueName } from '../queues/queue-catalog.ts';
import type { FailedJob } from './letter-of-job.ts';

export interface FailedJobRef {
  readonly jobId: string;
  readonly failedAtMs: number;
}

/**
 * Reads failed jobs field by field. BullMQ's own getters parse everything and throw on the first job that is not JSON, which is
 * just the kind of job that ends up here.
 */
export class FailedJobs {
  private readonly keys: QueueKeys;
  private readonly queue: QueueName;
  private readonly connection: RedisConnection;

  constructor(queue: QueueName, connection: RedisConnection) {
    this.queue = queue;
    this.connection = connection;
    this.keys = new QueueKeys(redisKeys.queuePrefix(queue));
  }

  /** All failed jobs Redis still keeps, oldest first. */
  async list(): Promise<FailedJobRef[]> {
    const failed = this.keys.toKey(this.queue, 'failed');
    const scored = await this.connection.zrangebyscore(failed, '-inf', '+inf', 'WITHSCORES');
    const refs: FailedJobRef[] = [];
    for (let index = 0; index + 1 < scored.length; index += 2) {
      refs.push({ jobId: String(scored[index]), failedAtMs: Number(scored[index + 1]) });
    }
    return refs;
  }

  /** One failed job; its data is left as text when it is not JSON. */
  async read({ jobId, failedAtMs }: FailedJobRef): Promise<FailedJob> {
    const fields = ['name', 'data', 'failedReason', 'defa', 'atm', 'stc'] as const;
    const [name, data, failedReason, deferredFailure, attemptsMade, stalledCounter] =
      await this.connection.hmget(this.keys.toKey(this.queue, jobId), ...fields);
    return {
      id: jobId,
      name: name ?? undefined,
      data: parsedOrText(data ?? null),
      failedReason: failedReason ?? undefined,
      deferredFailure: deferredFailure ?? undefined,
      attemptsMade: Number(attemptsMade ?? 0),
      stalledCounter: Number(stalledCounter ?? 0),
      finishedOn: failedAtMs,
    };
  }
}

function parsedOrText(text: string | null): unknown {
  if (text === null) return null;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}
