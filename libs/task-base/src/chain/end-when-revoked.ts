import { Logger } from '@nestjs/common';
import type { Metrics } from '@bus/observability';
import type { RunControl } from './run-control.ts';
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
  return async (run, next) => {
    const { control } = run;
    if (control.revokedFor !== undefined) throw control.revokedFor;
    const work = next();
    const outcome = await endOf(work, control);
    if (control.revokedFor === undefined) return outcome;
    if (!(await hasSettled(work, run))) {
      abandoned.inc({ queue: run.queue, task: run.taskName });
      logger.warn(
        `${run.taskName} ${run.jobId} did not end when it was told to and goes on in the background`,
      );
    }
    throw control.revokedFor;
  };
}

/** What `work` comes to, or nothing at all once the run is revoked. */
function endOf(work: Promise<unknown>, control: RunControl): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const forget = control.onRevoked(() => resolve(undefined));
    work.then(
      (value) => {
        forget();
        resolve(value);
      },
      (error: unknown) => {
        forget();
        if (control.revokedFor === undefined) reject(error);
        else resolve(undefined);
      },
    );
  });
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
