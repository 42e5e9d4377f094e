import { Worker, createRedisBackend } from 'bullmq';
import type { BackendFactory, Job, JobJson, Processor, RedisQueueBackend, WorkerOptions } from 'bullmq';
import { FetchBehindWait } from './fetch-behind-wait.ts';
import { hasField, mendJobHash, unreadableData } from './mend-job-hash.ts';
import { StartOrder } from './start-order.ts';
import { workWhenFull } from './work-when-full.ts';

/** Scripts of BullMQ that hand a job to the worker. */
const SCRIPTS_WITH_JOB = new Set(['moveToActive', 'moveToFinished']);

/** What `moveToActive` answers when there is none; its type does not say so. */
const NO_JOB = undefined as unknown as Job<unknown, unknown, string>;

/** Pause after Redis refused to hand out a job (full, loading, read-only): BullMQ itself asks again at once, for ever. */
const REFUSED_PAUSE_MS = 500;

/**
 * BullMQ's worker, which starts jobs in the order they were handed out, has the next one handed out without asking twice, and is
 * hardened against what may lie in Redis and against a Redis that is full or answers only errors.
 */
export class QueueWorker extends Worker<unknown, unknown, string> {
  private readonly startOrder: StartOrder;
  private readonly fetch: FetchBehindWait;
  private hasJobToStart = false;

  constructor(queue: string, processor: Processor<unknown, unknown, string>, options: WorkerOptions) {
    const startOrder = new StartOrder();
    super(queue, processor, { ...options, autorun: false }, guardedBackend(startOrder));
    this.startOrder = startOrder;
    this.fetch = new FetchBehindWait(this.backend, (answer) => received(startOrder, answer), options.name);
  }

  protected override createJob(json: JobJson, jobId: string): Job<unknown, unknown, string> {
    try {
      return super.createJob(json, jobId);
    } catch {
      return super.createJob({ ...json, data: unreadableData('data: not JSON') }, jobId);
    }
  }

  protected override callProcessJob(
    job: Job<unknown, unknown, string>,
    token: string,
    signal?: AbortSignal,
  ): Promise<unknown> {
    return this.startOrder.inTurn(job.id ?? '', () => super.callProcessJob(job, token, signal));
  }

  protected override async moveToActive(
    token: string,
    name?: string,
  ): Promise<Job<unknown, unknown, string>> {
    // BullMQ asks for another job before it starts the one it just got, which would wait a round trip for that answer.
    // "None" makes it start the one it has; then it asks again.
    if (this.hasJobToStart) {
      this.hasJobToStart = false;
      return NO_JOB;
    }
    try {
      const job = await super.moveToActive(token, name);
      this.hasJobToStart = job !== undefined;
      if (job !== undefined) job.token = this.fetch.tokenOfLast ?? token;
      return job;
    } catch (error) {
      await this.delay(REFUSED_PAUSE_MS);
      throw error;
    }
  }
}

/** The backend of BullMQ, with a look at each job between Redis and the library. */
function guardedBackend(startOrder: StartOrder): BackendFactory<RedisQueueBackend> {
  return (name, options, extra) => {
    const backend = createRedisBackend(name, options, extra);
    const execute = backend.execCommand.bind(backend);
    backend.execCommand = (client, script, args) => {
      workWhenFull(backend, client);
      const answer: unknown = execute(client, script, args);
      if (!SCRIPTS_WITH_JOB.has(script) || !(answer instanceof Promise)) return answer;
      return received(startOrder, answer);
    };
    return backend;
  };
}

/** The answer of Redis with the job in it, if there is one, made safe and given its place in the order. */
async function received(startOrder: StartOrder, answer: Promise<unknown>): Promise<unknown> {
  const value = await answer;
  if (!Array.isArray(value) || !Array.isArray(value[0])) return value;
  const fields = value[0] as unknown[];
  mendJobHash(fields);
  // A job BullMQ has given up on is failed without being started.
  if (!hasField(fields, 'defa')) startOrder.handedOut(String(value[1]));
  return value;
}
