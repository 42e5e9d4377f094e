/** Most urgent priority of the bus; 0 is the least urgent. */
export const HIGHEST_PRIORITY = 10;

/**
 * The one place where our scale (10 = most urgent, 0 = least) meets BullMQ's, which runs the other way and serves jobs
 * without a priority before all others. 10 -> 1, 0 -> 11: always an explicit number, never "none".
 *
 * @throws RangeError unless `priority` is a whole number from 0 to 10
 */
export function toBullPriority(priority: number): number {
  if (!Number.isInteger(priority) || priority < 0 || priority > HIGHEST_PRIORITY) {
    throw new RangeError(`a task priority is a whole number from 0 to ${HIGHEST_PRIORITY}, not ${priority}`);
  }
  return HIGHEST_PRIORITY + 1 - priority;
}

/** The way back; null for a number `toBullPriority` never gives, which only a job that is not ours has. */
export function fromBullPriority(bullPriority: number): number | null {
  const priority = HIGHEST_PRIORITY + 1 - bullPriority;
  return Number.isInteger(priority) && priority >= 0 && priority <= HIGHEST_PRIORITY ? priority : null;
}
