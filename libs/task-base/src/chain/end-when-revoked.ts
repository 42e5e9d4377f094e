import { Logger } from '@nestjs/common';
import type { Metrics } from '@bus/observability';
import type { TaskLink, TaskRun } from './task-run.ts';

/** A killed child needs moments to be gone; only a process stuck inside the kernel needs longer, and nobody waits for that. */
const CHILD_GONE_MS = 5_000;

const logger = new Logger('Task');

/**
 * A revoked run fails with the reason it was revoked for, whatever its handler does. A child is killed at that moment, and the run
 * fails once it is gone. JavaScript cannot stop a handler inside the worker: one that does not heed its signal goes on in the
 * background, its outcome unused and counted as abandoned. One that never lets go of the event loop stops its whole worker, limits
 * included; work of that kind belongs into a child (`TaskSpecification.runsIn`).
 */
export function endWhenRevoked(metrics: Metrics): TaskLink {
  const abandoned = metrics.counter('bus_task_abandoned_total');
  const giveUp = async (run: TaskRun, work: Promise<unknown>): Promise<never> => {
    if (!(await hasSettled(work, run))) {
      abandoned.inc({ queue: run.queue, task: run.taskName });
      logger.warn(
        `${run.taskName} ${run.jobId} did not end when it was told to and goes on in the background`,
      );
    }
    throw run.control.revokedFor;
  };
  return (run, next) => {
    const { control } = run;
    if (control.revokedFor !== undefined) return Promise.reject(control.revokedFor);
    const work = next();
    return new Promise((resolve, reject) => {
      let hasEnded = false;
      control.onRevoked(() => {
        if (!hasEnded) resolve(giveUp(run, work));
      });
      work.then(
        (value) => {
          hasEnded = true;
          resolve(value);
        },
        (error: unknown) => {
          hasEnded = true;
          reject(error);
        },
      );
    });
  };
}

/** Gives a handler that heeds the signal one turn of the event loop, and a child the time to be gone. */
function hasSettled(work: Promise<unknown>, run: TaskRun): Promise<boolean> {
  const runsInChild = typeof run.handler?.task.runsIn === 'object';
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(false), runsInChild ? CHILD_GONE_MS : 0);
    const settle = (): void => {
      clearTimeout(timer);
      resolve(true);
    };
    work.then(settle, settle);
  });
}
