import { DelayedError } from 'bullmq';
import type { TaskRun } from './task-run.ts';

/** Ends the run without an outcome: its job waits and is started again later. No attempt is used up. */
export async function moveAside(run: TaskRun, delayMs: number): Promise<never> {
  await run.job.moveToDelayed(Date.now() + delayMs, run.token);
  // BullMQ's way to hear "I have moved it myself": neither completed nor failed.
  throw new DelayedError();
}

/** Whether the run ended by being moved aside. By class: an error of a handler may carry the same name. */
export function isMovedAside(error: unknown): boolean {
  return error instanceof DelayedError;
}
