import { AsyncLocalStorage } from 'node:async_hooks';

const correlation = new AsyncLocalStorage<string>();

/** The correlation id of the message being worked on, or undefined outside any. */
export function currentCorrelationId(): string | undefined {
  return correlation.getStore();
}

/**
 * Runs `fn`, and everything it awaits or schedules, under the given correlation id. Log lines carry it.
 * Calls nest: the inner id holds inside, the outer one returns afterwards.
 */
export function runWithCorrelationId<T>(id: string, fn: () => T): T {
  return correlation.run(id, fn);
}
