import { moveAside } from '../chain/move-aside.ts';
import type { TaskRun } from '../chain/task-run.ts';

/**
 * A job that has lost its worker this often may be what kills it. Once is ordinary: a deployment, an eviction. Below the
 * `maxStalledCount` of every queue, so that a suspect still has a run to prove itself.
 */
export const SUSPECT_AFTER_LOSSES = 2;

/** How long a suspect steps aside, give or take half: several that step aside together do not come back together. */
const STEP_ASIDE_MS = 2_000;

/**
 * Lets one suspect run at a time in this process, over all its queues; another steps aside for moments. So a job that kills its worker
 * each time takes fresh jobs with it at most twice, which they survive, and never another suspect: its neighbours finish, and only it
 * becomes a dead letter. Stepping aside means leaving the process, since everything it holds is lost with it.
 */
export class SuspectRuns {
  private isOneRunning = false;

  /**
   * Settles as what `start` returns does; a suspect that has to step aside is moved aside (`isMovedAside`) instead.
   */
  inTurn(run: TaskRun, start: () => Promise<unknown>): Promise<unknown> {
    return run.job.stalledCounter < SUSPECT_AFTER_LOSSES ? start() : this.alone(run, start);
  }

  private async alone(run: TaskRun, start: () => Promise<unknown>): Promise<unknown> {
    if (this.isOneRunning) return moveAside(run, STEP_ASIDE_MS * (0.5 + Math.random()));
    this.isOneRunning = true;
    try {
      return await start();
    } finally {
      this.isOneRunning = false;
    }
  }
}
