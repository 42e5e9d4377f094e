import { AsyncLocalStorage } from 'node:async_hooks';
import type { ConcealedValues } from '../logging/concealed-values.ts';

/** What holds for one piece of work and everything it awaits or schedules. */
export interface WorkScope {
  /** Carried by every log line, and by what the work hands on. */
  readonly correlationId?: string;
  /** Kept out of logs and redacted copies. More may be added meanwhile. */
  readonly concealed?: ConcealedValues;
  /** The work itself, for those who know what kind it is. */
  readonly work?: object;
}

/** One store for all of it: whoever enters a store pays for a copy of all others, and every task enters. */
const scopes = new AsyncLocalStorage<WorkScope>();

/** What holds where this is called; undefined outside any work. */
export function currentScope(): WorkScope | undefined {
  return scopes.getStore();
}

/**
 * Runs `fn`, and everything it awaits or schedules, with these values. Calls nest: what the inner one does not name stays as it is, and
 * the outer ones hold again afterwards.
 */
export function runInScope<T>(values: WorkScope, fn: () => T): T {
  const outer = scopes.getStore();
  return scopes.run(outer === undefined ? values : { ...outer, ...values }, fn);
}
