import { hasSensitiveFields } from '@bus/payload-schemas';
import { retryDelayMs } from '../runner/retry-delay.ts';
import type { IdempotencyRule } from '../idempotency/idempotency-rule.ts';
import { toBullPriority } from '../queues/job-priority.ts';
import { QUEUES } from '../queues/queue-catalog.ts';
import type { QueueDefinition, RetryPolicy } from '../queues/queue-catalog.ts';
import type { TaskDefinition } from '../tasks/define-task.ts';

/** Where a setting comes from: the task's own entry, its queue, or the default of all tasks. */
export type Origin = 'task' | 'queue' | 'default';

export interface Explained<T> {
  readonly value: T;
  readonly from: Origin;
}

/** How a job of a task travels, and why. */
export interface TaskRoute {
  readonly task: string;
  readonly queue: string;
  readonly settings: QueueDefinition;
  readonly priority: Explained<number>;
  /** The number BullMQ sorts by; it serves small ones first. */
  readonly bullPriority: number;
  readonly retry: Explained<RetryPolicy>;
  /** The shortest and longest wait before each retry, in milliseconds. */
  readonly retryWaits: readonly { readonly fromMs: number; readonly toMs: number }[];
  readonly softLimitMs: Explained<number>;
  readonly hardLimitMs: Explained<number>;
  /** What the id of a completed job does; without meaning where there is an idempotency rule. */
  readonly sentAgain: Explained<TaskDefinition['sentAgain']>;
  readonly idempotency: Explained<IdempotencyRule | null>;
  readonly runsIn: Explained<TaskDefinition['runsIn']>;
  /** Some parameters lie sealed in Redis; who enqueues it needs the keys. */
  readonly hasSensitiveParams: boolean;
}

const DEFAULT_SOFT_LIMIT_MS = 30 * 60_000;
const DEFAULT_HARD_LIMIT_MS = 60 * 60_000;

/** What the catalog says of a task. A value equal to that of its queue or to the default is told as coming from there. */
export function routeOf(task: TaskDefinition): TaskRoute {
  const settings: QueueDefinition = QUEUES[task.queue];
  const explained = <T>(value: T, inherited: T, from: Origin): Explained<T> => ({
    value,
    from: value === inherited ? from : 'task',
  });
  return {
    task: task.name,
    queue: task.queue,
    settings,
    priority: explained(task.priority, settings.priority, 'queue'),
    bullPriority: toBullPriority(task.priority),
    retry: explained(task.retry, settings.retry, 'queue'),
    retryWaits: Array.from({ length: task.retry.retries }, (_, index) => waitBefore(task.retry, index + 1)),
    softLimitMs: explained(task.softLimitMs, DEFAULT_SOFT_LIMIT_MS, 'default'),
    hardLimitMs: explained(task.hardLimitMs, DEFAULT_HARD_LIMIT_MS, 'default'),
    sentAgain: explained(task.sentAgain, 'first-job', 'default'),
    idempotency: explained<IdempotencyRule | null>(task.idempotency ?? null, null, 'default'),
    runsIn: explained(task.runsIn, 'worker', 'default'),
    hasSensitiveParams: hasSensitiveFields(task.params),
  };
}

function waitBefore(policy: RetryPolicy, failures: number): { fromMs: number; toMs: number } {
  return { fromMs: retryDelayMs(policy, failures, () => 0), toMs: retryDelayMs(policy, failures, () => 1) };
}
