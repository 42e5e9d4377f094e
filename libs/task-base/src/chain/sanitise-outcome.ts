import { DelayedError, UnrecoverableError } from 'bullmq';
import { redact, redactText } from '@bus/observability';
import { describeFailure } from './failure-reason.ts';
import { TaskParkedError } from '../task-base.errors.ts';
import type { TaskRun } from './task-run.ts';

const MAX_STACK_LENGTH = 4_000;

/**
 * Results, failure reasons and stack traces are stored in Redis, where operators and dashboards read them: secrets and
 * personal details stop here. Failures that no retry can mend (`isRetryable: false`) become BullMQ's kind of final.
 */
export async function sanitiseOutcome(_run: TaskRun, next: () => Promise<unknown>): Promise<unknown> {
  try {
    return redact(await next());
  } catch (error) {
    // BullMQ's way to say "I have moved it myself": neither completed nor failed.
    if (error instanceof TaskParkedError) throw new DelayedError(error.message);
    throw storableError(error);
  }
}

function storableError(error: unknown): Error {
  const reason = describeFailure(error);
  // Built anew rather than copied: an error of a handler may carry a name that means something else to BullMQ.
  const stored = isFinal(error) ? new UnrecoverableError(reason) : new Error(reason);
  const stack = error instanceof Error ? error.stack : undefined;
  stored.stack = redactText(stack ?? reason).slice(0, MAX_STACK_LENGTH);
  return stored;
}

function isFinal(error: unknown): boolean {
  if (error instanceof UnrecoverableError) return true;
  return typeof error === 'object' && error !== null && 'isRetryable' in error && error.isRetryable === false;
}
