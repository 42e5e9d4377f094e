import { redisKeys } from '@bus/platform';
import type { RedisConnection } from '@bus/platform';
import { QueueKeys } from 'bullmq';
import { HIGHEST_PRIORITY, toBullPriority } from './job-priority.ts';
import { QUEUE_NAMES } from './queue-catalog.ts';
import type { QueueName } from './queue-catalog.ts';
import { connectedWorkers } from './queue-workers.ts';
import type { ConnectedWorker } from './queue-workers.ts';

/** States a job is counted in. Jobs ready to run are `prioritized`; `waiting` holds those taken back from a lost worker. */
export const JOB_STATES = ['waiting', 'prioritized', 'delayed', 'active', 'completed', 'failed'] as const;
export type JobState = (typeof JOB_STATES)[number];

/** One queue as Redis has it at this moment. */
export interface QueueState {
  readonly queue: QueueName;
  readonly jobs: Readonly<Record<JobState, number>>;
  readonly isPaused: boolean;
  /** Workers connected, over all processes. */
  readonly workers: number;
  /** Longest time a job that is ready to run has been so, in seconds; 0 when none is. Of a retry, since its last start. */
  readonly oldestWaitingSeconds: number;
}

/** BullMQ's score of a job: its priority times this, plus a running number. */
const PRIORITY_STEP = 2 ** 32;

/**
 * Reads the state of queues: one round trip per queue and one for the workers. Changes nothing. Rejects when Redis does not
 * answer.
 */
export async function queueStates(
  connection: RedisConnection,
  names: readonly QueueName[] = QUEUE_NAMES,
): Promise<QueueState[]> {
  const workers = connectedWorkers(connection);
  return Promise.all(names.map((name) => readQueue(connection, name, workers)));
}

async function readQueue(
  connection: RedisConnection,
  queue: QueueName,
  connected: Promise<ConnectedWorker[]>,
): Promise<QueueState> {
  const keys = new QueueKeys(redisKeys.queuePrefix(queue));
  const key = (type: string) => keys.toKey(queue, type);
  const [waiting, prioritized, delayed, active, completed, failed, paused, oldest, workers] =
    await Promise.all([
      connection.llen(key('wait')),
      connection.zcard(key('prioritized')),
      connection.zcard(key('delayed')),
      connection.llen(key('active')),
      connection.zcard(key('completed')),
      connection.zcard(key('failed')),
      connection.hexists(key('meta'), 'paused'),
      oldestWaitingSeconds(connection, queue, key),
      connected,
    ]);
  return {
    queue,
    jobs: { waiting, prioritized, delayed, active, completed, failed },
    isPaused: paused === 1,
    workers: workers.filter((worker) => worker.queue === queue).length,
    oldestWaitingSeconds: oldest,
  };
}

/** Within one priority jobs are served in order, so the first of each is the oldest of it, save those that rose to it. */
async function oldestWaitingSeconds(
  connection: RedisConnection,
  queue: QueueName,
  key: (type: string) => string,
): Promise<number> {
  const firstOfPriority = (priority: number) => {
    const score = toBullPriority(priority) * PRIORITY_STEP;
    return connection.zrangebyscore(key('prioritized'), score, score + PRIORITY_STEP - 1, 'LIMIT', 0, 1);
  };
  const priorities = Array.from({ length: HIGHEST_PRIORITY + 1 }, (_, priority) => priority);
  const [redelivered, raised, ...firsts] = await Promise.all([
    connection.lindex(key('wait'), -1),
    raisedJobs(connection, queue, key('prioritized')),
    ...priorities.map(firstOfPriority),
  ]);
  const ids = [...firsts.flat(), ...raised, ...(redelivered === null ? [] : [redelivered])];
  const since = await Promise.all(ids.map((id) => readySinceMs(connection, key(id))));
  const oldest = Math.min(...since.filter((time) => time > 0));
  return Number.isFinite(oldest) ? Math.max(0, (Date.now() - oldest) / 1_000) : 0;
}

/** Raised jobs that have started meanwhile are forgotten only by the next pass. */
async function raisedJobs(connection: RedisConnection, queue: QueueName, waiting: string): Promise<string[]> {
  const ids = await connection.smembers(redisKeys.queueRaisedJobs(queue));
  const scores = await Promise.all(ids.map((id) => connection.zscore(waiting, id)));
  return ids.filter((_id, index) => scores[index] !== null);
}

/** 0 when the job is gone by now. */
async function readySinceMs(connection: RedisConnection, jobKey: string): Promise<number> {
  const [enqueued, startedLast, options] = await connection.hmget(jobKey, 'timestamp', 'processedOn', 'opts');
  return Math.max(Number(enqueued ?? 0) + requestedDelayMs(options ?? '{}'), Number(startedLast ?? 0));
}

function requestedDelayMs(options: string): number {
  try {
    const { delay } = JSON.parse(options) as { delay?: unknown };
    return typeof delay === 'number' ? delay : 0;
  } catch {
    // Not a job of ours; the worker will say so when it gets there.
    return 0;
  }
}
