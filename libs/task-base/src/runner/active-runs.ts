import { WaitingError } from 'bullmq';
import type { Job } from 'bullmq';
import type { TaskRun } from '../chain/task-run.ts';
import type { QueueName } from '../queues/queue-catalog.ts';
import { TaskOwnershipLostError } from '../task-base.errors.ts';

/** How long a revoked run may take to end before its job is given back all the same; a killed child takes moments. */
const ENDS_WITHIN_MS = 500;

/** A run, and what giving its job back needs. */
export interface ActiveRun extends TaskRun {
  readonly job: TaskRun['job'] & Pick<Job, 'moveToWait'>;
}

/** The runs of this process, so that others can end them: a cancel, a lost lock, a shutdown. */
export class ActiveRuns {
  private readonly running = new Map<ActiveRun, () => void>();

  /** Names of what is running, as `task job-id`. */
  get names(): string[] {
    return [...this.running.keys()].map(({ taskName, jobId }) => `${taskName} ${jobId}`);
  }

  of(queue: QueueName): ActiveRun[] {
    return [...this.running.keys()].filter((run) => run.queue === queue);
  }

  /** The run lost its job to another worker. Does nothing for a run that is not, or no longer, here. */
  disown(queue: QueueName, jobId: string, token: string, why: string): void {
    const lost = this.of(queue).find((run) => run.jobId === jobId && run.token === token);
    lost?.control.revoke(new TaskOwnershipLostError(lost.taskName, why));
  }

  /**
   * Settles as `work` does. When the job is given back meanwhile, it waits in its queue again for another worker, no attempt is
   * counted, and the outcome of `work` is not used.
   */
  track(run: ActiveRun, work: Promise<unknown>): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const forget = (): boolean => {
        run.control.end();
        return this.running.delete(run);
      };
      this.running.set(run, () => {
        forget();
        resolve(this.giveBack(run, work));
      });
      work.then(
        (value) => {
          if (forget()) resolve(value);
        },
        (error: unknown) => {
          if (forget()) reject(error);
        },
      );
    });
  }

  private async giveBack(run: ActiveRun, work: Promise<unknown>): Promise<never> {
    run.control.revoke(new TaskOwnershipLostError(run.taskName, 'its worker is shutting down'));
    await settlesWithin(ENDS_WITHIN_MS, work);
    await run.job.moveToWait(run.token);
    // BullMQ's way to say "I have moved it myself": neither completed nor failed.
    throw new WaitingError();
  }

  /** Gives every running job back to its queue. */
  giveBackAll(): void {
    for (const giveBack of this.running.values()) giveBack();
  }
}

async function settlesWithin(timeoutMs: number, work: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, timeoutMs);
  });
  await Promise.race([work.then(undefined, () => undefined), timeout]);
  clearTimeout(timer);
}
