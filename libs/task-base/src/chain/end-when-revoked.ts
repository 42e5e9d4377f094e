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
  return async (run, next) => {
    const { revoked } = run.control;
    revoked.throwIfAborted();
    const work = next();
    const end = whenAborted(revoked);
    try {
      const outcome = await Promise.race([work.then((value) => ({ value })), end.happened]);
      if (outcome !== undefined && !revoked.aborted) return outcome.value;
    } catch (error) {
      if (!revoked.aborted) throw error;
    } finally {
      end.forget();
    }
    if (!(await hasSettled(work, run))) {
      abandoned.inc({ queue: run.queue, task: run.taskName });
      logger.warn(
        `${run.taskName} ${run.jobId} did not end when it was told to and goes on in the background`,
      );
    }
    throw revoked.reason;
  };
}

function whenAborted(signal: AbortSignal): { happened: Promise<undefined>; forget: () => void } {
  let forget = (): void => undefined;
  const happened = new Promise<undefined>((resolve) => {
    const listener = (): void => resolve(undefined);
    signal.addEventListener('abort', listener, { once: true });
    forget = () => signal.removeEventListener('abort', listener);
  });
  return { happened, forget };
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
