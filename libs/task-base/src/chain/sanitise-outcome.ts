import { UnrecoverableError } from 'bullmq';
import { cleanText, describeFailure } from './failure-reason.ts';
import { isMovedAside } from './move-aside.ts';
import { storableResult } from './storable-result.ts';
import type { TaskRun } from './task-run.ts';

const MAX_STACK_LENGTH = 4_000;

/**
 * Results, failure reasons and stack traces are stored in Redis, where operators and dashboards read them: secrets and
 * personal details stop here, and so do the sensitive parameters of the run, wherever their values turn up. Failures that no retry can mend (`isRetryable: false`) become BullMQ's kind of final.
 */
export function sanitiseOutcome(run: TaskRun, next: () => Promise<unknown>): Promise<unknown> {
  return next()
    .then((result) => storableResult(run, result))
    .catch((error: unknown) => {
      throw isMovedAside(error) ? error : storableError(error);
    });
}

function storableError(error: unknown): Error {
  const reason = describeFailure(error);
  // Built anew rather than copied: an error of a handler may carry a name that means something else to BullMQ.
  const stored = isFinal(error) ? new UnrecoverableError(reason) : new Error(reason);
  const stack = error instanceof Error ? error.stack : undefined;
  stored.stack = cleanText(typeof stack === 'string' ? stack : reason).slice(0, MAX_STACK_LENGTH);
  return stored;
}

function isFinal(error: unknown): boolean {
  if (error instanceof UnrecoverableError) return true;
  return typeof error === 'object' && error !== null && 'isRetryable' in error && error.isRetryable === false;
}
