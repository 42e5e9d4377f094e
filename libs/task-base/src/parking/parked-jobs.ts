import { redisKeys } from '@bus/platform';
import type { RedisConnection } from '@bus/platform';
import { PARK, TAKE } from './parked-jobs.lua.ts';

/** A job that was refused by an open circuit and waits for the service without having used up an attempt. */
export interface Parking {
  readonly service: string;
  readonly parkedAt: Date;
  /** When the service may be tried again at the earliest, as known when the job was parked. */
  readonly until: Date;
}

/** How many jobs of a queue wait for one service. */
export interface ParkedCount {
  readonly queue: string;
  readonly service: string;
  readonly jobs: number;
}

export interface TakenJobs {
  readonly jobIds: readonly string[];
  /** Parked jobs, taken ones included, that have not started again yet. */
  readonly left: number;
}

interface Scripts {
  busParkJob(...args: (string | number)[]): Promise<number>;
  busTakeParkedJobs(...args: (string | number)[]): Promise<[left: number, ...jobIds: string[]]>;
}

/** A job is remembered before it is moved, so that neither is lost; moving it takes less than this. */
const SETTLE_MS = 1_000;

/** Jobs released in the first second; a service that is just back gets its load in doses. */
const RELEASED_IN_FIRST_SECOND = 10;
const MOST_AT_ONCE = 500;

/** A worker that died with jobs it had taken is followed by another one after this. */
const CLAIM_MS = 10_000;

/** When nothing was released for this long, for instance because the circuit opened again, the next release begins small again. */
const RAMP_FORGOTTEN_MS = 5_000;

/** The parked jobs of all queues in Redis. */
export class ParkedJobs {
  private readonly connection: RedisConnection;
  private readonly scripts: Scripts;

  constructor(connection: RedisConnection) {
    this.connection = connection;
    connection.defineCommand('busParkJob', { numberOfKeys: 3, lua: PARK });
    connection.defineCommand('busTakeParkedJobs', { numberOfKeys: 3, lua: TAKE });
    this.scripts = connection as unknown as Scripts;
  }

  /** Remembers the job and resolves with how many wait for the service by now. Moving it is up to the caller. */
  park(queue: string, jobId: string, service: string, retryAfterMs: number): Promise<number> {
    return this.scripts.busParkJob(
      redisKeys.parkedJobs(queue, service),
      redisKeys.parkedReasons(queue),
      redisKeys.parkedServices(queue),
      jobId,
      service,
      Math.ceil(retryAfterMs),
      SETTLE_MS,
    );
  }

  /** The job runs again, or is gone: it is parked no more. */
  async forget(queue: string, jobId: string): Promise<void> {
    const parking = await readParking(this.connection, queue, jobId);
    if (parking === undefined) return;
    await this.connection.zrem(redisKeys.parkedJobs(queue, parking.service), jobId);
    await this.connection.hdel(redisKeys.parkedReasons(queue), jobId);
  }

  /** Forgets what a service's entry points to although no such job is parked. */
  async drop(queue: string, service: string, jobId: string): Promise<void> {
    await this.connection.zrem(redisKeys.parkedJobs(queue, service), jobId);
    await this.connection.hdel(redisKeys.parkedReasons(queue), jobId);
  }

  /** Takes the jobs that may be released now, each for one taker. */
  async take(queue: string, service: string): Promise<TakenJobs> {
    const [left, ...jobIds] = await this.scripts.busTakeParkedJobs(
      redisKeys.parkedJobs(queue, service),
      redisKeys.parkedRelease(queue, service),
      redisKeys.parkedServices(queue),
      service,
      RELEASED_IN_FIRST_SECOND,
      MOST_AT_ONCE,
      CLAIM_MS,
      RAMP_FORGOTTEN_MS,
    );
    return { jobIds, left };
  }
}

/** Why and until when the job is parked; undefined when it is not. */
export async function readParking(
  connection: RedisConnection,
  queue: string,
  jobId: string,
): Promise<Parking | undefined> {
  return parseParking(await connection.hget(redisKeys.parkedReasons(queue), jobId));
}

/** Reads what is stored of a parked job, whatever lies there; undefined when it says nothing. */
export function parseParking(text: string | null): Parking | undefined {
  if (text === null) return undefined;
  let parsed: { service?: unknown; parked_at?: unknown; until_at?: unknown } | null;
  try {
    parsed = JSON.parse(text) as typeof parsed;
  } catch {
    return undefined;
  }
  const { service, parked_at: parkedAt, until_at: until } = parsed ?? {};
  if (typeof service !== 'string' || typeof parkedAt !== 'number' || typeof until !== 'number')
    return undefined;
  return { service, parkedAt: new Date(parkedAt), until: new Date(until) };
}

/** How many jobs of the queue wait for which service. */
export async function countParkedJobs(connection: RedisConnection, queue: string): Promise<ParkedCount[]> {
  const services = await connection.smembers(redisKeys.parkedServices(queue));
  return Promise.all(
    services.toSorted().map(async (service) => ({
      queue,
      service,
      jobs: await connection.zcard(redisKeys.parkedJobs(queue, service)),
    })),
  );
}
