import type { RunCancellations } from '../cancel/run-cancellations.ts';
import { TaskCancelledError } from '../task-base.errors.ts';
import { isMovedAside } from './move-aside.ts';
import type { TaskLink, TaskRun } from './task-run.ts';

/**
 * A cancelled job does not start its handler, and a run that was cancelled while it ran ends as cancelled however it fails. One that
 * completes all the same has completed: its work is done.
 *
 * Only a job that was started before is looked up: a waiting job is cancelled by taking it out of its queue, and a run is told by
 * `CancelWatch`. So a cancel costs the ordinary job nothing.
 */
export function honourCancel(cancellations: RunCancellations): TaskLink {
  const refuseCancelled = async (run: TaskRun, next: () => Promise<unknown>): Promise<unknown> => {
    const [cancellation] = await cancellations.of([run]);
    if (cancellation === undefined) return next();
    const cancelled = new TaskCancelledError(run.taskName, cancellation.reason);
    run.control.cancel(cancelled);
    throw cancelled;
  };
  return (run, next) => {
    const outcome = run.job.attemptsStarted > 1 ? refuseCancelled(run, next) : next();
    return outcome.catch((error: unknown) => {
      if (isMovedAside(error)) throw error; // back in its queue, where its next start finds the cancel
      throw run.control.cancelled ?? error;
    });
  };
}
