import { inspect } from 'node:util';
import { setTimeout as sleep } from 'node:timers/promises';

export interface WaitForOptions {
  /** @default 10 s */
  timeoutMs?: number;
  /** Pause between two tries. @default 20 ms */
  intervalMs?: number;
  /** What is being waited for, for the error: "the alert to be stored". */
  message?: string;
}

/**
 * Tries `fn` until it gives a truthy value and resolves with that. A try that throws counts as "not yet". On time-out
 * the error tells the last value, or the last failure.
 */
export async function waitFor<T>(
  fn: () => T | Promise<T>,
  { timeoutMs = 10_000, intervalMs = 20, message = 'the condition' }: WaitForOptions = {},
): Promise<Exclude<Awaited<T>, false | null | undefined | 0 | ''>> {
  const deadline = Date.now() + timeoutMs;
  let last = 'it was never tried to the end';
  let cause: unknown;
  do {
    try {
      const value = await beforeDeadline(fn, deadline);
      if (value) return value as Exclude<Awaited<T>, false | null | undefined | 0 | ''>;
      last = `last value: ${inspect(value, { depth: 3 })}`;
      cause = undefined;
    } catch (error) {
      if (error === TOO_LATE) break;
      last = `last error: ${error instanceof Error ? error.message : String(error)}`;
      cause = error;
    }
    await sleep(intervalMs);
  } while (Date.now() < deadline);
  throw new Error(`Waited ${timeoutMs} ms for ${message}; ${last}`, { cause });
}

const TOO_LATE = Symbol('too late');

/** A try that hangs must not outlast the time-out. */
async function beforeDeadline<T>(fn: () => T | Promise<T>, deadline: number): Promise<Awaited<T>> {
  const timer = new AbortController();
  try {
    return await Promise.race([
      fn(),
      sleep(Math.max(0, deadline - Date.now()), undefined, { signal: timer.signal }).then((): never => {
        throw TOO_LATE;
      }),
    ]);
  } finally {
    timer.abort();
  }
}
