import { Injectable, Logger, Optional } from '@nestjs/common';
import type { Job, JobsOptions } from 'bullmq';
import { ValueSealer } from '@bus/channel-layer';
import { Metrics, currentCorrelationId, currentTraceparent, inSpan } from '@bus/observability';
import { validatePayload } from '@bus/payload-schemas';
import type { PayloadClass } from '@bus/payload-schemas';
import { RedisConnections, writeTogether } from '@bus/platform';
import type { RedisConnection } from '@bus/platform';
import { randomUUID } from 'node:crypto';
import { idempotencyKeyOf } from '../idempotency/idempotency-key.ts';
import { sealParams } from '../privacy/parameter-seals.ts';
import type { Cancellation } from '../cancel/cancellation.ts';
import { JobControl } from '../cancel/job-control.ts';
import type { CancelOptions, CancelResult, WaitOptions } from '../cancel/job-control.ts';
import type { JobAddress } from '../cancel/job-address.ts';
import type { TaskOutcome } from '../cancel/task-outcome.ts';
import { RepeatedWarnings } from '../repeated-warnings.ts';
import { toBullPriority } from '../queues/job-priority.ts';
import { QUEUES } from '../queues/queue-catalog.ts';
import type { QueueName } from '../queues/queue-catalog.ts';
import {
  TaskError,
  TaskParamsInvalidError,
  TaskParamsTooLargeError,
  TaskQueueUnavailableError,
  UnknownTaskError,
} from '../task-base.errors.ts';
import { findTask } from '../catalog/task-names.ts';
import type { ParamsOf, TaskName } from '../catalog/task-names.ts';
import type { TaskDefinition } from '../tasks/define-task.ts';
import { sendSpan } from '../tracing/task-spans.ts';
import { TASK_BACKOFF } from '../runner/retry-delay.ts';
import { Admission } from './admission.ts';
import { hasAdded, readFinishedJob, runAgainIfWanted } from './earlier-job.ts';
import type { JobData } from './job-data.ts';
import { isoNow } from './iso-now.ts';
import { jobIdOf } from './job-id.ts';
import { EnqueueTally } from './enqueue-tally.ts';
import { ProducerQueues } from './producer-queues.ts';
import type { TaskQueue } from './producer-queues.ts';
import { RedisMemory } from './redis-memory.ts';

/** How a job is enqueued, all optional. */
export interface EnqueueOptions {
  /**
   * Names the work: while a job with this id exists, enqueueing it again adds nothing (see `TaskDefinition.sentAgain`).
   * @default made from task and parameters when the task has an idempotency rule, else random
   */
  readonly jobId?: string;
  /** @default the correlation id the caller runs under, else a new one */
  readonly correlationId?: string;
  /** Earliest start, in milliseconds from now. @default 0 */
  readonly delayMs?: number;
  /** For the scheduler: the run this job is for. An earlier job of the same id is then left as it is, whatever became of it. */
  readonly scheduleRunId?: string;
}

export interface EnqueueItem<P extends object> extends EnqueueOptions {
  readonly params: P;
}

export interface EnqueueReceipt {
  readonly jobId: string;
  /**
   * A job with this id was there already; its parameters stand, these were not stored. Of enqueues that race for one id,
   * exactly one reads false when the task has an idempotency rule; without one, several may.
   */
  readonly duplicate: boolean;
}

interface PreparedJob {
  readonly name: string;
  readonly data: JobData & { readonly params: object };
  readonly opts: JobsOptions & { readonly jobId: string };
  readonly isNamed: boolean;
}

/** Longest wait for a connection before a producer is told to try again. Its commands time out by themselves. */
const READY_TIMEOUT_MS = 2_000;

/** Keeps one MULTI short enough not to hold up every other client of Redis. */
const JOBS_PER_TRANSACTION = 200;

/**
 * Enqueues tasks. When a call resolves, Redis has the job. When it rejects with an error whose `isRetryable` is true,
 * Redis may or may not have it: call again with the same `jobId`.
 *
 * Rejects within about two seconds while Redis is away; it never queues jobs in memory.
 */
@Injectable()
export class TaskClient {
  private readonly logger = new Logger(TaskClient.name);
  private readonly warnings = new RepeatedWarnings(this.logger);
  private readonly connection: RedisConnection;
  private readonly queues: ProducerQueues;
  private readonly metrics: Metrics;
  private readonly tally: EnqueueTally;
  private readonly admission: Admission;
  private readonly sealer: ValueSealer | undefined;
  /** Parameters that passed here but did not get to Redis, by object: the next try does not pay for the check again. */
  private readonly checked = new WeakMap<object, PayloadClass>();
  /** Calls that have something on its way to Redis. */
  private sending = 0;
  private jobControl: JobControl | undefined;

  constructor(
    private readonly connections: RedisConnections,
    metrics: Metrics,
    @Optional() sealer?: ValueSealer,
  ) {
    this.metrics = metrics;
    this.tally = new EnqueueTally(metrics);
    this.sealer = sealer;
    this.connection = connections.create('producer', 'task-client');
    this.queues = new ProducerQueues(this.connection, (queue, error) =>
      this.warnings.warn(`queue ${queue}`, error),
    );
    const memory = new RedisMemory(this.connection, (error) => this.warnings.warn('memory of Redis', error));
    this.admission = new Admission(memory, metrics);
  }

  /**
   * Adds one job.
   *
   * @throws TaskParamsInvalidError, TaskParamsTooLargeError, TaskSealingUnavailableError (not retryable),
   * TaskQueueFullError, TaskQueueUnavailableError (retryable)
   */
  enqueue<P extends object>(
    task: TaskDefinition<P>,
    params: NoInfer<P>,
    options: EnqueueOptions = {},
  ): Promise<EnqueueReceipt> {
    return inSpan(
      () => sendSpan(task),
      async () => {
        const [receipt] = await this.send(task, [this.prepare(task, params, options)]);
        return receipt as EnqueueReceipt;
      },
    );
  }

  /**
   * Adds one job of the task of that name. Names and parameters are checked by the compiler; the parameters of a name that is
   * one of several are checked only here.
   *
   * @throws as `enqueue`, and UnknownTaskError for a name that was forced past the compiler
   */
  async enqueueByName<N extends TaskName>(
    name: N,
    params: ParamsOf<N>,
    options: EnqueueOptions = {},
  ): Promise<EnqueueReceipt> {
    const task = findTask(name);
    if (task === undefined) throw new UnknownTaskError(name);
    return this.enqueue(task, params, options);
  }

  /**
   * Adds many jobs of one task in the order given. All are checked before the first is sent. If it rejects, the first ones
   * may have been added.
   *
   * @throws as `enqueue`
   */
  enqueueMany<P extends object>(
    task: TaskDefinition<P>,
    items: readonly EnqueueItem<NoInfer<P>>[],
  ): Promise<EnqueueReceipt[]> {
    return inSpan(
      () => sendSpan(task, items.length),
      async () => {
        const prepared = items.map((item) => this.prepare(task, item.params, item));
        const receipts: EnqueueReceipt[] = [];
        for (let start = 0; start < prepared.length; start += JOBS_PER_TRANSACTION) {
          receipts.push(...(await this.send(task, prepared.slice(start, start + JOBS_PER_TRANSACTION))));
        }
        return receipts;
      },
    );
  }

  /**
   * Cancels one job, from any process. A waiting, delayed or parked one leaves its queue at once, also while every worker is down. A
   * running one is told within about a second, has `CANCEL_GRACE_MS` to clean up and is then given up; should its worker have died,
   * the job is not started again. A cancel is for the job as it is now: the same id enqueued later runs.
   *
   * @throws TaskQueueUnavailableError (retryable)
   */
  cancel(ref: JobAddress, options?: CancelOptions): Promise<CancelResult> {
    return this.jobs.cancel(ref, options);
  }

  /** What the last cancel of a job came to; undefined when there was none, or it is longer ago than its queue keeps failed jobs. */
  readCancellation(ref: JobAddress): Promise<Cancellation | undefined> {
    return this.jobs.readCancellation(ref);
  }

  /**
   * What has become of a job by now.
   *
   * @throws TaskQueueUnavailableError (retryable)
   */
  outcome(ref: JobAddress): Promise<TaskOutcome> {
    return this.jobs.outcome(ref);
  }

  /**
   * Resolves with the outcome once it is final, or with what it is when the time is up. Looks several times a second.
   *
   * @throws TaskQueueUnavailableError (retryable), and an AbortError when `signal` is aborted
   */
  waitForOutcome(ref: JobAddress, options: WaitOptions): Promise<TaskOutcome> {
    return this.jobs.waitForOutcome(ref, options);
  }

  /** Made at first use, so that a process that only enqueues opens no connection for it. */
  private get jobs(): JobControl {
    return (this.jobControl ??= new JobControl(this.connections.commands, this.metrics));
  }

  private async addChunk(
    queue: TaskQueue,
    task: TaskDefinition,
    chunk: readonly PreparedJob[],
  ): Promise<EnqueueReceipt[]> {
    if (chunk.some(({ isNamed }) => isNamed)) return this.addNamed(queue, task, chunk);
    await addAll(queue, chunk);
    this.tally.added(task, chunk.length);
    return chunk.map(({ opts }) => ({ jobId: opts.jobId, duplicate: false }));
  }

  /** Jobs of which some may be there already. */
  private async addNamed(
    queue: TaskQueue,
    task: TaskDefinition,
    chunk: readonly PreparedJob[],
  ): Promise<EnqueueReceipt[]> {
    // Asked first and not awaited: knowing about a duplicate costs no round trip, and from an idle connection all leaves in one go.
    // A busy one is not held up: Redis works on what has been sent while the next is being prepared.
    if (this.sending === 1) writeTogether(this.connection);
    const asked = chunk.map(({ isNamed, opts }) =>
      isNamed ? readFinishedJob(this.connection, queue.toKey(opts.jobId)) : Promise.resolve(undefined),
    );
    const [earlier, jobs] = await Promise.all([Promise.all(asked), addAll(queue, chunk)]);
    return Promise.all(
      chunk.map(async ({ opts, data }, index) => {
        const before = earlier[index];
        const job = jobs[index];
        if (before !== undefined && job !== undefined && data.meta.schedule_run_id === undefined) {
          await runAgainIfWanted(this.connection, queue.toKey(opts.jobId), task, job, before, data);
        }
        const duplicate = before !== undefined || !(await this.isFirst(task, queue, opts.jobId));
        if (duplicate) this.tally.suppressed(task);
        else this.tally.added(task, 1);
        return { jobId: opts.jobId, duplicate };
      }),
    );
  }

  private async isFirst(task: TaskDefinition, queue: TaskQueue, jobId: string): Promise<boolean> {
    return task.idempotency === undefined || hasAdded(this.connection, queue.toKey(jobId));
  }

  private prepare<P extends object>(
    task: TaskDefinition<P>,
    params: P,
    options: EnqueueOptions,
  ): PreparedJob {
    const definition = QUEUES[task.queue];
    const checked = this.check(task, params);
    const id = options.jobId ?? idempotencyKeyOf(task, checked, this.sealer, options.scheduleRunId);
    const jobId = jobIdOf(task.name, id);
    return {
      name: task.name,
      isNamed: id !== undefined,
      data: {
        params: sealParams(task, jobId, checked, this.sealer),
        meta: {
          correlation_id: options.correlationId ?? currentCorrelationId() ?? randomUUID(),
          enqueued_at: isoNow(),
          schedule_run_id: options.scheduleRunId,
          traceparent: currentTraceparent(),
        },
      },
      opts: {
        jobId,
        priority: toBullPriority(task.priority),
        attempts: task.retry.retries + 1,
        backoff: TASK_BACKOFF,
        delay: options.delayMs,
        stackTraceLimit: 3,
        sizeLimit: definition.maxJobBytes,
      },
    };
  }

  private check<P extends object>(task: TaskDefinition<P>, params: P): P {
    if (this.checked.get(params) === task.params) return params;
    const validation = validatePayload(task.params, params);
    if (!validation.ok) throw new TaskParamsInvalidError(task.name, validation.problems);
    return validation.value;
  }

  private async send(task: TaskDefinition, jobs: readonly PreparedJob[]): Promise<EnqueueReceipt[]> {
    this.sending += 1;
    try {
      const queue =
        this.queueAtHand(task.queue) ??
        (await within(READY_TIMEOUT_MS, this.admittingQueue(task.queue, jobs.length)));
      return await this.addChunk(queue, task, jobs);
    } catch (error) {
      for (const { data } of jobs) this.checked.set(data.params, task.params);
      this.metrics
        .counter('bus_task_enqueue_failures_total')
        .inc({ queue: task.queue, task: task.name }, jobs.length);
      if (error instanceof TaskError) throw error;
      throw (
        tooLarge(task, jobs) ??
        this.admission.refusalOf(error, task.queue, jobs.length) ??
        new TaskQueueUnavailableError(task.queue, error)
      );
    } finally {
      this.sending -= 1;
    }
  }

  /** The queue when it is open and known to take jobs, as it is for nearly every call: nothing to wait for, so no timer either. */
  private queueAtHand(name: QueueName): TaskQueue | undefined {
    return this.admission.isKnownToPass(name) ? this.queues.openQueue(name) : undefined;
  }

  private async admittingQueue(name: QueueName, jobs: number): Promise<TaskQueue> {
    const queue = await this.queues.ready(name);
    await this.admission.check(name, jobs);
    return queue;
  }
}

/** One job needs no transaction. */
function addAll(queue: TaskQueue, jobs: readonly PreparedJob[]): Promise<Job<JobData, unknown, string>[]> {
  const [first] = jobs;
  if (jobs.length !== 1 || first === undefined) return queue.addBulk([...jobs]);
  return queue.add(first.name, first.data, first.opts).then((job) => [job]);
}

/** BullMQ refuses large jobs with an error without a code, so the one too large is looked for only when adding failed. */
function tooLarge(task: TaskDefinition, jobs: readonly PreparedJob[]): TaskParamsTooLargeError | undefined {
  const { maxJobBytes } = QUEUES[task.queue];
  const sizes = jobs.map(({ data }) => Buffer.byteLength(JSON.stringify(data)));
  const largest = Math.max(0, ...sizes);
  return largest > maxJobBytes ? new TaskParamsTooLargeError(task.name, largest, maxJobBytes) : undefined;
}

async function within<T>(timeoutMs: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`no connection to Redis within ${timeoutMs} ms`)), timeoutMs);
  });
  try {
    return await Promise.race([work, timeout]);
  } finally {
    clearTimeout(timer);
  }
}
