import type { AgeingOptions } from '../queues/ageing-options.ts';
import type { QueueName } from '../queues/queue-catalog.ts';
import type { TaskDefinition } from '../tasks/define-task.ts';

/** Injection token of `TaskWorkerOptions`. */
export const TASK_WORKER_OPTIONS = Symbol('TASK_WORKER_OPTIONS');

/** What one worker process runs. */
export interface TaskWorkerOptions {
  readonly queues: readonly QueueName[];
  readonly catalog: readonly TaskDefinition[];
  /** On shutdown, how long running jobs may take to end before they go back to their queue, in milliseconds. */
  readonly drainMs: number;
  /** How waiting jobs rise. @default DEFAULT_AGEING */
  readonly ageing?: AgeingOptions | undefined;
}
