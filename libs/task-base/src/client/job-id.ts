import { createHash, randomUUID } from 'node:crypto';

const SAFE_ID = /^[A-Za-z0-9_.-]{1,128}$/;

/**
 * The id of a job in its queue: the task's name, '-', and what the caller named it (any text: what Redis keys or BullMQ
 * cannot hold is hashed) or a random id. The same task and id always give the same job id, and two tasks never share one.
 */
export function jobIdOf(taskName: string, id: string = randomUUID()): string {
  return `${taskName}-${SAFE_ID.test(id) ? id : createHash('sha256').update(id).digest('hex')}`;
}

/** The task's name inside a job id of ours; undefined for any other id. */
export function taskNameOf(jobId: string): string | undefined {
  const end = jobId.indexOf('-');
  return end > 0 ? jobId.slice(0, end) : undefined;
}
