import type { Job } from 'bullmq';
import type { ConcealedValues } from '@bus/observability';
import type { TaskSteps } from '../idempotency/task-steps.ts';
import type { QueueName } from '../queues/queue-catalog.ts';
import type { BaseTask } from '../tasks/base-task.ts';
import type { TaskDefinition } from '../tasks/define-task.ts';
import type { RunControl } from './run-control.ts';

/** The part of BullMQ's job the links read. */
export type StoredJob = Pick<
  Job<unknown>,
  | 'id'
  | 'data'
  | 'attemptsMade'
  | 'attemptsStarted'
  | 'stalledCounter'
  | 'timestamp'
  | 'opts'
  | 'processedOn'
  | 'updateProgress'
  | 'moveToDelayed'
> & {
  /** Undefined when the job's hash in Redis has no name. */
  readonly name: string | undefined;
};

/** A catalog entry and the instance that runs it. */
export interface TaskHandler {
  readonly task: TaskDefinition;
  readonly instance: BaseTask<object, unknown>;
}

/** One attempt at one job on its way through the chain. Links replace fields for the links behind them. */
export interface TaskRun {
  readonly job: StoredJob;
  readonly jobId: string;
  /** Proves to Redis that this run has the job. */
  readonly token: string;
  readonly queue: QueueName;
  /** Undefined when no task of this worker has the job's name. */
  readonly handler: TaskHandler | undefined;
  /** The task's name, or 'unknown': what metrics and logs may show of a job that could be anything. */
  readonly taskName: string;
  correlationId: string;
  /** Checked parameters; until the reading link has run, an empty object. */
  params: object;
  /** Ends the run from outside and knows whether it still owns its job. */
  readonly control: RunControl;
  /** See `TaskContext.fencingToken`. */
  readonly fencingToken: number;
  /** Sensitive values of this run, kept out of everything it logs, stores or fails with. */
  readonly concealed: ConcealedValues;
  /** Set by the replaying link for tasks with an idempotency rule. */
  steps?: TaskSteps;
}

/** One cross-cutting concern around a run. Calls `next` at most once and returns or throws what the run comes to. */
export type TaskLink = (run: TaskRun, next: () => Promise<unknown>) => Promise<unknown>;

/**
 * Puts links around each other: the first is the outermost. The last one does not call `next`. A link that throws counts as one that
 * rejects, so that none has to expect both of its `next`.
 */
export function joinLinks(links: readonly TaskLink[]): (run: TaskRun) => Promise<unknown> {
  return (run) => {
    let entered = 0;
    // The same function for all links of a run: since each calls it at most once, it is always the turn of the next one.
    const next = (): Promise<unknown> => {
      const link = links[entered];
      if (link === undefined)
        return Promise.reject(new Error('the chain ends without a link that runs the task'));
      entered += 1;
      try {
        return link(run, next);
      } catch (error) {
        return Promise.reject(error);
      }
    };
    return next();
  };
}
