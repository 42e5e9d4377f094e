import { DelayedError, WaitingError } from 'bullmq';

/**
 * Whether the run has put its job back into the queue itself (given back, parked, stepped aside) and says so in BullMQ's way: it has
 * neither completed nor failed. Such an error must reach BullMQ as it is.
 */
export function isMovedJob(error: unknown): error is DelayedError | WaitingError {
  return error instanceof DelayedError || error instanceof WaitingError;
}
