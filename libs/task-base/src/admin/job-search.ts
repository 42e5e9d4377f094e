import type { RedisConnection } from '@bus/platform';
import { QUEUE_NAMES } from '../queues/queue-catalog.ts';
import type { QueueName } from '../queues/queue-catalog.ts';
import { JOB_STATES } from '../queues/queue-states.ts';
import type { JobState } from '../queues/queue-states.ts';
import type { JobRef, JobView } from './job-view.ts';
import { SEARCH_STRETCH } from './search-script.ts';
import { queueKey, stateKey, StoredJobs } from './stored-jobs.ts';

/** What jobs must be like to be found; what is left out does not matter. */
export interface JobSearch {
  /** @default all */
  readonly queues?: readonly QueueName[];
  /** @default all, from those that run to those that are over */
  readonly states?: readonly JobState[];
  readonly taskName?: string;
  /** Parameters by dotted path, each to have this value. A list is entered by place (`items.0.id`) or as a whole (`items.id`). */
  readonly params?: Readonly<Record<string, string>>;
  readonly correlationId?: string;
  /** Most jobs to return. */
  readonly limit: number;
}

export interface FoundJobs {
  readonly jobs: JobView[];
  /** More jobs may fit. */
  readonly isCut: boolean;
}

/** One call of the script: long enough to be quick in sum, short enough that other clients of Redis do not notice. */
const PLACES_PER_CALL = 1_000;
const BYTES_PER_CALL = 4 * 1024 * 1024;

const SEARCH_ORDER: readonly JobState[] = [
  'active',
  'waiting',
  'prioritized',
  'delayed',
  'failed',
  'completed',
];

/** States whose latest job is the interesting one; of the others it is the next to run. */
const LATEST_FIRST = new Set<JobState>(['failed', 'completed']);

interface Condition {
  /** Texts that occur in the data of every job that fits: what costs little and rules most jobs out. */
  readonly needles: readonly string[];
  readonly path: readonly string[];
  readonly value: string;
}

/**
 * Searches the jobs in Redis. By task name no job is read, by parameter each once, inside Redis. Jobs that change their state
 * during the search may be missed.
 */
export async function searchJobs(connection: RedisConnection, search: JobSearch): Promise<FoundJobs> {
  const stored = new StoredJobs(connection);
  const conditions = conditionsOf(search);
  const states = SEARCH_ORDER.filter((state) => (search.states ?? JOB_STATES).includes(state));
  const jobs: JobView[] = [];
  for (const state of states) {
    // One more than asked for tells whether there are more.
    const missing = search.limit + 1 - jobs.length;
    const refs = await Promise.all(
      (search.queues ?? QUEUE_NAMES).map((queue) =>
        searchState(connection, { queue, state, conditions, taskName: search.taskName, limit: missing }),
      ),
    );
    jobs.push(...(await stored.readMany(refs.flat().slice(0, missing), state)));
    if (jobs.length > search.limit) break;
  }
  return { jobs: jobs.slice(0, search.limit), isCut: jobs.length > search.limit };
}

interface StateSearch {
  readonly queue: QueueName;
  readonly state: JobState;
  readonly conditions: readonly Condition[];
  readonly taskName: string | undefined;
  readonly limit: number;
}

async function searchState(connection: RedisConnection, search: StateSearch): Promise<JobRef[]> {
  const { queue, state, limit } = search;
  const found = new Set<string>();
  for (let place = 0; found.size < limit;) {
    const [looked, ids] = (await connection.eval(
      SEARCH_STRETCH,
      1,
      stateKey(queue, state),
      queueKey(queue, ''),
      search.taskName === undefined ? '' : `${search.taskName}-`,
      place,
      PLACES_PER_CALL,
      limit - found.size,
      BYTES_PER_CALL,
      LATEST_FIRST.has(state) ? '1' : '0',
      JSON.stringify(search.conditions),
    )) as [number, string[]];
    // A job that moved up meanwhile may come by twice.
    for (const id of ids) found.add(id);
    if (looked === 0) break;
    place += looked;
  }
  return [...found].map((jobId) => ({ queue, jobId }));
}

function conditionsOf({ params = {}, correlationId }: JobSearch): Condition[] {
  const conditions = Object.entries(params).map(([path, value]) =>
    condition(['params', ...path.split('.')], value),
  );
  return correlationId === undefined
    ? conditions
    : [...conditions, condition(['meta', 'correlation_id'], correlationId)];
}

function condition(path: readonly string[], value: string): Condition {
  const asWritten = JSON.stringify(value).slice(1, -1);
  // A number given in another way than JSON writes it (1e3) does not occur as such.
  const isLiteral = value !== '' && (Number.isNaN(Number(value)) || String(Number(value)) === value);
  const needles = isLiteral ? [asWritten] : [];
  const field = path.at(-1) ?? '';
  return {
    needles: [...needles, ...(/^\d+$/.test(field) ? [] : [`${JSON.stringify(field)}:`])],
    path,
    value,
  };
}
