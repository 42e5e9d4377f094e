import { randomUUID } from 'node:crypto';
import { QueueKeys } from 'bullmq';
import type { RedisConnection } from '@bus/platform';
import { redisKeys } from '@bus/platform';
import { readFailure } from '../chain/failure-reason.ts';

/** What a job in Redis has come to. */
export type JobFate =
  | { readonly state: 'open' | 'succeeded' | 'missing' }
  | { readonly state: 'failed'; readonly reason: string };

/**
 * Names this very Redis: the key dies with its data, the id of the process with each restart. Either may have cost jobs; while
 * both stand, a job that is missing was taken out by hand.
 */
const LINEAGE = `
local data = redis.call('GET', KEYS[1])
if not data then
  data = ARGV[1]
  redis.call('SET', KEYS[1], data)
end
local ok, info = pcall(redis.call, 'INFO', 'server')
local process = ok and type(info) == 'string' and string.match(info, 'run_id:(%w+)') or ''
return data .. '.' .. process`;

/** Looks at single jobs of scheduled runs, in whichever queue they are. */
export class ScheduledJobs {
  private readonly connection: RedisConnection;

  constructor(connection: RedisConnection) {
    this.connection = connection;
  }

  /** Of the node that holds the queue. */
  async lineage(queue: string): Promise<string> {
    return String(await this.connection.eval(LINEAGE, 1, redisKeys.queueLineage(queue), randomUUID()));
  }

  async fate(queue: string, jobId: string): Promise<JobFate> {
    const key = new QueueKeys(redisKeys.queuePrefix(queue)).toKey(queue, jobId);
    const [timestamp, finishedOn, failedReason] = await this.connection.hmget(
      key,
      'timestamp',
      'finishedOn',
      'failedReason',
    );
    if (isAbsent(timestamp)) return { state: 'missing' };
    if (isAbsent(finishedOn)) return { state: 'open' };
    return isAbsent(failedReason)
      ? { state: 'succeeded' }
      : { state: 'failed', reason: describeJobFailure(failedReason) };
  }
}

/** The failure a job was stored with, for the record of its run. */
export function describeJobFailure(failedReason: string): string {
  const { reason, detail } = readFailure(failedReason);
  return `${reason}: ${detail}`;
}

function isAbsent(field: string | null | undefined): field is null | undefined {
  return field === null || field === undefined;
}
