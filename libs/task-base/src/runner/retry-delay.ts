import type { RetryPolicy } from '../queues/queue-catalog.ts';

/** What every job carries as its back-off: the worker asks `retryDelayMs` with the policy of the job's task. */
export const TASK_BACKOFF = { type: 'task' } as const;

/**
 * Wait before the next run after `failures` failed ones: doubles from the policy's first wait up to its longest, then
 * 50 to 100 % of that at random, so that jobs that failed together do not come back together.
 */
export function retryDelayMs(
  policy: RetryPolicy,
  failures: number,
  random: () => number = Math.random,
): number {
  const full = Math.min(policy.backoffMs * 2 ** (failures - 1), policy.maxBackoffMs);
  return Math.round(full * (0.5 + random() / 2));
}
