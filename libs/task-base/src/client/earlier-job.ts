import type { Job } from 'bullmq';
import type { RedisConnection } from '@bus/platform';
import type { TaskDefinition } from '../tasks/define-task.ts';
import type { JobData } from './job-data.ts';

/** A job that was there before. `finished` is undefined while it is still to be done. */
export interface EarlierJob {
  readonly finished?: { readonly state: 'completed' | 'failed'; readonly atMs: number };
}

/**
 * Two ingest replicas hand over the same message within moments of each other. That is one request, not a device asking
 * again, so a job completed less than this ago is left alone.
 */
const SAME_REQUEST_MS = 2_000;

/** Answers 1 to the first who asks of a job, 0 to all others. */
const ASK_FIRST = `
if redis.call('EXISTS', KEYS[1]) == 0 then return 1 end
return redis.call('HSETNX', KEYS[1], 'asked', 1)
`;

/**
 * Whether this enqueue is the one that added the job. Of many that race for one id, over all processes, exactly one is; what
 * they saw before adding cannot tell. Costs a round trip.
 */
export async function hasAdded(connection: RedisConnection, jobKey: string): Promise<boolean> {
  return (await connection.eval(ASK_FIRST, 1, jobKey)) === 1;
}

type EnqueuedJob = Job<JobData, unknown, string>;

/** BullMQ's code for a job that is not, or no longer, in the state it was asked to leave. */
const NOT_IN_THAT_STATE = -3;

/** Reads what became of the job under this key; undefined when there is none. */
export async function readFinishedJob(
  connection: RedisConnection,
  jobKey: string,
): Promise<EarlierJob | undefined> {
  const [timestamp, finishedOn, failedReason] = await connection.hmget(
    jobKey,
    'timestamp',
    'finishedOn',
    'failedReason',
  );
  if (timestamp === null || timestamp === undefined) return undefined;
  if (finishedOn === null || finishedOn === undefined) return {};
  const failed = failedReason !== null && failedReason !== undefined;
  return { finished: { state: failed ? 'failed' : 'completed', atMs: Number(finishedOn) } };
}

/**
 * Makes the new run a request of its own, later than any before: cancels aimed at the earlier one pass it by, and its fencing token
 * is higher although the count of starts may begin anew. Never creates a job that is gone.
 */
const RENEW_REQUEST = `
local fields = redis.call('HMGET', KEYS[1], 'timestamp', 'finishedOn')
if not fields[1] or not fields[2] then return 0 end
redis.call('HSET', KEYS[1], 'timestamp', string.format('%.0f', math.max(tonumber(ARGV[1]), (tonumber(fields[1]) or 0) + 1)))
return 1
`;

/**
 * Lets a finished job run once more when the task wants that. A failed one keeps its count of starts, so the new run knows
 * that the work may be half done; a completed one starts as if it were new. A task with an idempotency rule then runs with
 * the parameters of this enqueue: the earlier request has had its outcome.
 */
export async function runAgainIfWanted(
  connection: RedisConnection,
  jobKey: string,
  task: TaskDefinition,
  job: EnqueuedJob,
  earlier: EarlierJob,
  data: JobData,
): Promise<void> {
  const { finished } = earlier;
  if (finished === undefined) return;
  const completed = finished.state === 'completed';
  if (completed && standsFor(task, finished.atMs)) return;
  await connection.eval(RENEW_REQUEST, 1, jobKey, Date.now());
  try {
    if (task.idempotency !== undefined) await job.updateData(data);
    await job.retry(finished.state, { resetAttemptsMade: true, resetAttemptsStarted: completed });
  } catch (error) {
    // Another producer was faster: the job is on its way already.
    if ((error as { code?: unknown }).code !== NOT_IN_THAT_STATE) throw error;
  }
}

/** Whether the outcome of a completed job is the answer to this enqueue too. */
function standsFor(task: TaskDefinition, completedAtMs: number): boolean {
  const ageMs = Date.now() - completedAtMs;
  if (task.idempotency !== undefined) return ageMs < task.idempotency.ttlMs;
  return task.sentAgain !== 'run-again' || ageMs < SAME_REQUEST_MS;
}
