import { currentScope, runInScope } from '../scope/work-scope.ts';

/** The correlation id of the message being worked on, or undefined outside any. */
export function currentCorrelationId(): string | undefined {
  return currentScope()?.correlationId;
}

/**
 * Runs `fn`, and everything it awaits or schedules, under the given correlation id. Log lines carry it.
 * Calls nest: the inner id holds inside, the outer one returns afterwards.
 */
export function runWithCorrelationId<T>(id: string, fn: () => T): T {
  return runInScope({ correlationId: id }, fn);
}
