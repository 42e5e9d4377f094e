import { randomUUID } from 'node:crypto';
import { setImmediate as turn } from 'node:timers/promises';
import type { RedisQueueBackend } from 'bullmq';

type Fetched = Awaited<ReturnType<RedisQueueBackend['moveToActive']>>;
type BlockingClient = Awaited<NonNullable<RedisQueueBackend['blockingClient']>>;

/** What ioredis keeps of the scripts it was given; the part read here. */
interface WithScripts {
  readonly scriptsSet?: Readonly<Record<string, { readonly lua: string } | undefined>>;
  defineCommand(name: string, definition: { readonly lua: string; readonly numberOfKeys: number }): void;
}

/** The sign that there is a job, now: makes the worker call `moveToActive`. */
const JOB_NOW = { member: '0', score: 0 };

const FETCH_COMMAND = 'busFetchBehindWait';
const FETCH_KEYS = 11;

/** The fetch is sent before its time, so what BullMQ's script takes for now is read from the clock of Redis. */
const BY_THE_CLOCK_OF_REDIS = `
local time = redis.call('TIME')
ARGV[2] = string.format('%.0f', time[1] * 1000 + math.floor(time[2] / 1000))
`;

/**
 * Takes a round trip out of the way of a job that meets an idle worker. BullMQ waits for a sign that there is one, and then asks
 * for it. Here the question is already lying in Redis behind the wait, on the same connection: Redis answers both at once, because
 * it carries out what a client has sent in order, and the next command right after the one that blocked.
 *
 * Nothing else changes: the script is BullMQ's own, a wait that ends without a job is followed by BullMQ's own question, and a
 * job that was fetched is handed to the worker by the same call as any other.
 */
export class FetchBehindWait {
  private readonly backend: RedisQueueBackend;
  private readonly workerName: string | undefined;
  private readonly toFetch: RedisQueueBackend;
  private fetched: { readonly answer: Fetched; readonly token: string } | undefined;
  private outstandingToken: string | undefined;
  private lastToken: string | undefined;

  /** Changes the backend of one worker. `receive` sees what Redis hands out, before BullMQ does. */
  constructor(
    backend: RedisQueueBackend,
    receive: (answer: Promise<unknown>) => Promise<unknown>,
    workerName?: string,
  ) {
    this.backend = backend;
    this.workerName = workerName;
    this.toFetch = overBlockingConnection(backend, receive);
    const wait = backend.waitForJob.bind(backend);
    const ask = backend.moveToActive.bind(backend);
    const disconnect = backend.disconnectBlocking.bind(backend);
    backend.waitForJob = async (timeoutSeconds) => {
      if (this.hasJob) return JOB_NOW;
      // The job that was started a moment ago goes first with what it has to send.
      await turn();
      return this.waitAndFetch(wait(timeoutSeconds));
    };
    backend.moveToActive = (token, name) => this.takeFetched(token) ?? ask(token, name);
    backend.disconnectBlocking = async (waits) => {
      await disconnect(waits);
      await this.giveBackLost();
    };
  }

  /** A job that was handed out lies here until the next `moveToActive`, which must not be left out then. */
  get hasJob(): boolean {
    return this.fetched !== undefined;
  }

  /** The lock token of the job that `moveToActive` has just handed out; a job keeps the one it was fetched with. */
  get tokenOfLast(): string | undefined {
    return this.lastToken;
  }

  private async waitAndFetch(
    waiting: ReturnType<RedisQueueBackend['waitForJob']>,
  ): ReturnType<RedisQueueBackend['waitForJob']> {
    const token = randomUUID();
    this.outstandingToken = token;
    const fetching = this.toFetch.moveToActive(token, this.workerName);
    // A wait that fails is told by the wait; the fetch fails with it.
    fetching.catch(() => undefined);
    const sign = await waiting;
    const answer = await fetching.catch(() => undefined);
    this.outstandingToken = undefined;
    if (answer === undefined || !answer[0]) return sign;
    this.fetched = { answer, token };
    return JOB_NOW;
  }

  private takeFetched(token: string): Promise<Fetched> | undefined {
    const { fetched } = this;
    this.fetched = undefined;
    this.lastToken = fetched?.token ?? token;
    return fetched === undefined ? undefined : Promise.resolve(fetched.answer);
  }

  /**
   * The connection was cut while the question lay in Redis. If a job came in that very moment, its answer was lost: it is put back
   * instead of waiting for its lock to run out.
   */
  private async giveBackLost(): Promise<void> {
    const token = this.outstandingToken;
    if (token === undefined) return;
    const client = await this.backend.client;
    for (const jobId of await client.lrange(this.backend.toKey('active'), 0, -1)) {
      if ((await client.get(`${this.backend.toKey(jobId)}:lock`)) === token) {
        await this.backend.moveJobFromActiveToWait(jobId, token);
      }
    }
  }
}

/** The same backend as it is now, except that its `moveToActive` goes over the blocking connection. */
function overBlockingConnection(
  backend: RedisQueueBackend,
  receive: (answer: Promise<unknown>) => Promise<unknown>,
): RedisQueueBackend {
  const { queue } = backend as unknown as { readonly queue: object };
  return Object.create(backend, {
    moveToActive: { value: backend.moveToActive },
    queue: { value: Object.create(queue, { client: { get: () => backend.blockingClient } }) },
    execCommand: {
      value: (client: BlockingClient, _script: string, args: unknown[]) =>
        receive(client.runCommand(fetchCommandOf(client), args)),
    },
  }) as RedisQueueBackend;
}

const prepared = new WeakSet<object>();

function fetchCommandOf(client: BlockingClient): string {
  if (prepared.has(client)) return FETCH_COMMAND;
  const commands = client as unknown as WithScripts;
  const [, script] =
    Object.entries(commands.scriptsSet ?? {}).find(([name]) => name.startsWith('moveToActive:')) ?? [];
  if (script === undefined) throw new Error('BullMQ has no script moveToActive on its blocking connection');
  commands.defineCommand(FETCH_COMMAND, {
    lua: BY_THE_CLOCK_OF_REDIS + script.lua,
    numberOfKeys: FETCH_KEYS,
  });
  prepared.add(client);
  return FETCH_COMMAND;
}
