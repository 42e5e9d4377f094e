import { DelayedError, WaitingError } from 'bullmq';
import type { TaskRun } from './task-run.ts';

/** Ends the run without an outcome: its job waits and is started again later. No attempt is used up. */
export async function moveAside(run: TaskRun, delayMs: number): Promise<never> {
  await run.job.moveToDelayed(Date.now() + delayMs, run.token);
  // BullMQ's way to hear "I have moved it myself": neither completed nor failed.
  throw new DelayedError();
}

/**
 * Whether the run has put its job back into the queue itself (moved aside or given back) and says so in BullMQ's way. Such an error
 * must reach BullMQ as it is. By class: an error of a handler may carry the same name.
 */
export function isMovedAside(error: unknown): error is DelayedError | WaitingError {
  return error instanceof DelayedError || error instanceof WaitingError;
}
