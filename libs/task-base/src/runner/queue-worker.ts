import { Worker, createRedisBackend } from 'bullmq';
import type { BackendFactory, Job, JobJson, Processor, RedisQueueBackend, Span, WorkerOptions } from 'bullmq';
import { whenSettled } from '../chain/when-settled.ts';
import { STALLED_REASON } from '../dead-letters/letter-of-job.ts';
import { fieldOf, mendJobHash, setField, unreadableData } from './mend-job-hash.ts';
import { FetchBehindWait } from './fetch-behind-wait.ts';
import { StartOrder } from './start-order.ts';
import { workWhenFull } from './work-when-full.ts';

type AnyJob = Job<unknown, unknown, string>;

/** Scripts of BullMQ that hand a job to the worker. */
const SCRIPTS_WITH_JOB = new Set(['moveToActive', 'moveToFinished']);

/** What `moveToActive` answers when there is none; its type does not say so. */
const NO_JOB = undefined as unknown as AnyJob;

/** Pause after Redis refused to hand out a job (full, loading, read-only): BullMQ itself asks again at once, for ever. */
const REFUSED_PAUSE_MS = 500;

/** BullMQ's codes for "this job is not yours to end": gone, no lock, not active, locked by another. */
const NOT_OURS = new Set<unknown>([-1, -2, -3, -6]);

/** What the worker tells of jobs that pass to another worker under its hands. */
export interface OwnershipListener {
  /** The run with this token must end; what it comes to will not be taken. */
  lost(jobId: string, token: string, why: string): void;
  /** Redis did not take how a run ended. */
  fenced(job: AnyJob): void;
}

/**
 * BullMQ's worker, which starts jobs in the order they were handed out, has the next one handed out without asking twice, knows
 * when a job is no longer its own, and is hardened against what may lie in Redis and against a Redis that is full or answers only
 * errors.
 */
export class QueueWorker extends Worker<unknown, unknown, string> {
  private readonly startOrder: StartOrder;
  private readonly fetch: FetchBehindWait;
  private readonly ownership: OwnershipListener;
  private readonly processing = new Map<
    string,
    { readonly token: string; readonly ended: Promise<unknown> }
  >();
  private hasJobToStart = false;

  constructor(
    queue: string,
    processor: Processor<unknown, unknown, string>,
    options: WorkerOptions,
    ownership: OwnershipListener,
  ) {
    const startOrder = new StartOrder();
    super(queue, processor, { ...options, autorun: false }, guardedBackend(startOrder));
    this.startOrder = startOrder;
    this.fetch = new FetchBehindWait(
      this.backend,
      (answer) => answer.then((job) => received(startOrder, job)),
      options.name,
    );
    this.ownership = ownership;
  }

  /** Renews the locks of running jobs. A lock that cannot be renewed is lost for good, so nothing tries again. */
  override async extendJobLocks(jobIds: string[], tokens: string[], durationMs: number): Promise<string[]> {
    const lost = await super.extendJobLocks(jobIds, tokens, durationMs);
    for (const jobId of lost) {
      this.lockManager.untrackJob(jobId);
      const token = tokens[jobIds.indexOf(jobId)] ?? '';
      this.ownership.lost(jobId, token, 'its worker was busy or paused for longer than the lock lasts');
    }
    return [];
  }

  /**
   * A job that comes back while an earlier run of it is still going on here has been taken from that run. It starts once that one has
   * ended: BullMQ keeps locks by job id, and the end of the earlier run would stop the renewal for this one.
   */
  override processJob(job: AnyJob, token: string, fetchNext?: () => boolean): Promise<void | AnyJob> {
    const jobId = job.id ?? '';
    const earlier = this.processing.get(jobId);
    if (earlier === undefined) return this.processNow(job, token, fetchNext);
    // That may take long, and is no business of the jobs handed out after it.
    this.startOrder.passOver(jobId);
    this.ownership.lost(jobId, earlier.token, 'it was handed out again');
    const start = () => this.processNow(job, token, fetchNext);
    return earlier.ended.then(start, start);
  }

  private processNow(job: AnyJob, token: string, fetchNext?: () => boolean): Promise<void | AnyJob> {
    const jobId = job.id ?? '';
    const ended = super.processJob(job, token, fetchNext);
    const entry = { token, ended };
    this.processing.set(jobId, entry);
    return whenSettled(ended, () => {
      if (this.processing.get(jobId) === entry) this.processing.delete(jobId);
    });
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

  protected override handleCompleted(
    result: unknown,
    job: AnyJob,
    token: string,
    fetchNext?: () => boolean,
    span?: Span,
  ): Promise<AnyJob> {
    return super
      .handleCompleted(result, job, token, fetchNext, span)
      .catch((error: unknown) => this.fenced(job, error));
  }

  protected override handleFailed(
    failure: Error,
    job: AnyJob,
    token: string,
    fetchNext?: () => boolean,
    span?: Span,
  ): Promise<AnyJob> {
    return super
      .handleFailed(failure, job, token, fetchNext, span)
      .catch((error: unknown) => this.fenced(job, error));
  }

  /** A refused outcome is no error of this worker, and there is nothing to try again. */
  private fenced(job: AnyJob, error: unknown): AnyJob {
    if (!NOT_OURS.has((error as { code?: unknown }).code)) throw error;
    this.ownership.fenced(job);
    return NO_JOB;
  }

  protected override async moveToActive(
    token: string,
    name?: string,
  ): Promise<Job<unknown, unknown, string>> {
    // BullMQ asks for another job before it starts the one it just got, which would wait a round trip for that answer.
    // "None" makes it start the one it has; then it asks again.
    if (this.hasJobToStart && !this.fetch.hasJob) {
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
    const receive = (answer: unknown) => received(startOrder, answer);
    let lastClient: object | undefined;
    backend.execCommand = (client, script, args) => {
      if (client !== lastClient) workWhenFull(backend, client);
      lastClient = client;
      const answer: unknown = execute(client, script, args);
      return SCRIPTS_WITH_JOB.has(script) && answer instanceof Promise ? answer.then(receive) : answer;
    };
    return backend;
  };
}

/** The answer of Redis with the job in it, if there is one, made safe and given its place in the order. */
function received(startOrder: StartOrder, answer: unknown): unknown {
  if (!Array.isArray(answer) || !Array.isArray(answer[0])) return answer;
  const fields = answer[0] as unknown[];
  mendJobHash(fields);
  // A job BullMQ has given up on is failed without being started. Its reason gets our code, for whoever reads it later.
  const givenUp = fieldOf(fields, 'defa');
  if (givenUp === undefined) startOrder.handedOut(String(answer[1]));
  else setField(fields, 'defa', `${STALLED_REASON}: ${givenUp}`);
  return answer;
}
