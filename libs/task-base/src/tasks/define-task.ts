import type { PayloadClass } from '@bus/payload-schemas';
import { completeRule } from '../idempotency/idempotency-rule.ts';
import type { IdempotencyRule, IdempotencySpecification } from '../idempotency/idempotency-rule.ts';
import { toBullPriority } from '../queues/job-priority.ts';
import { QUEUES } from '../queues/queue-catalog.ts';
import type { QueueName, RetryPolicy } from '../queues/queue-catalog.ts';

const MINUTE_MS = 60_000;

/** Node itself, before any work, takes about this much. */
const MIN_CHILD_MEMORY_MIB = 96;

/** What a child process of a task may take. */
export interface ChildLimits {
  readonly child: {
    /** Resident memory of the process, in MiB; above it the child is killed. Count it into the memory of the worker's pod. */
    readonly maxMemoryMiB: number;
  };
}

/** Everything the bus knows of a task: one catalog entry. */
export interface TaskDefinition<P extends object = object, N extends string = string> {
  /** Stable: jobs already queued carry it. A verb phrase in snake_case; a literal type, so that the compiler knows it. */
  readonly name: N;
  readonly queue: QueueName;
  /** 10 = most urgent, 0 = least, within the queue. */
  readonly priority: number;
  /** Parameters are checked against this class on enqueue and again before running. */
  readonly params: PayloadClass<P>;
  readonly retry: RetryPolicy;
  /** After this the task's signal is aborted, in milliseconds: a chance to clean up. */
  readonly softLimitMs: number;
  /** After this the run is given up and counted as failed, in milliseconds. */
  readonly hardLimitMs: number;
  /** In the worker, or in a child process of its own whose work really stops at the hard limit (see `ChildProcessTask`). */
  readonly runsIn: 'worker' | ChildLimits;
  /**
   * What enqueueing the id of a *completed* job does. 'first-job': nothing, the first job's outcome stands. 'run-again':
   * the same job runs once more, as a new request. A job that failed for good always runs again.
   */
  readonly sentAgain: 'first-job' | 'run-again';
  /**
   * What makes two enqueues the same piece of work with one outcome; undefined when every job stands for itself. Decides
   * instead of `sentAgain`: while the outcome stands it stands, and after that the task runs again.
   */
  readonly idempotency: IdempotencyRule<P> | undefined;
}

/** A task whose duplicates get the first one's outcome. */
export type IdempotentTaskDefinition<P extends object = object, N extends string = string> = TaskDefinition<
  P,
  N
> & {
  readonly idempotency: IdempotencyRule<P>;
};

/** What a catalog entry must say; the rest comes from the queue or the defaults named below. */
export interface TaskSpecification<P extends object, N extends string = string> {
  readonly name: N;
  readonly queue: QueueName;
  readonly params: PayloadClass<P>;
  /** @default the priority of the queue */
  readonly priority?: number;
  /** @default the policy of the queue */
  readonly retry?: RetryPolicy;
  /** @default 30 minutes */
  readonly softLimitMs?: number;
  /** @default 60 minutes */
  readonly hardLimitMs?: number;
  /** CPU-heavy work must say `{ child: … }`: inside the worker it would stop every other job, and no limit could end it. @default 'worker' */
  readonly runsIn?: TaskDefinition['runsIn'];
  /** @default 'first-job' */
  readonly sentAgain?: TaskDefinition['sentAgain'];
  /** @default none: every job stands for itself */
  readonly idempotency?: IdempotencySpecification<P>;
}

/**
 * Completes and checks a catalog entry.
 *
 * @throws RangeError when a number or the name cannot work, so a wrong entry never gets past start-up
 */
export function defineTask<P extends object, const N extends string = string>(
  task: TaskSpecification<P, N> & { readonly idempotency: IdempotencySpecification<P> },
): IdempotentTaskDefinition<P, N>;
export function defineTask<P extends object, const N extends string = string>(
  task: TaskSpecification<P, N>,
): TaskDefinition<P, N>;
export function defineTask<P extends object, const N extends string = string>(
  task: TaskSpecification<P, N>,
): TaskDefinition<P, N> {
  const queue = QUEUES[task.queue];
  const definition: TaskDefinition<P, N> = {
    priority: queue.priority,
    retry: queue.retry,
    softLimitMs: 30 * MINUTE_MS,
    hardLimitMs: 60 * MINUTE_MS,
    runsIn: 'worker',
    sentAgain: 'first-job',
    ...task,
    idempotency: task.idempotency && completeRule(task.name, task.params, task.idempotency),
  };
  if (!/^[a-z][a-z0-9_]{0,63}$/.test(definition.name)) {
    throw new RangeError(`task name '${definition.name}' is not snake_case of at most 64 characters`);
  }
  toBullPriority(definition.priority);
  if (!Number.isInteger(definition.retry.retries) || definition.retry.retries < 0) {
    throw new RangeError(`${definition.name}: retries must be a whole number, 0 or more`);
  }
  if (!(definition.softLimitMs > 0 && definition.softLimitMs < definition.hardLimitMs)) {
    throw new RangeError(`${definition.name}: the soft limit must be above 0 and below the hard limit`);
  }
  if (definition.runsIn !== 'worker' && !(definition.runsIn.child.maxMemoryMiB >= MIN_CHILD_MEMORY_MIB)) {
    throw new RangeError(`${definition.name}: a child process needs ${MIN_CHILD_MEMORY_MIB} MiB or more`);
  }
  return Object.freeze(definition);
}
