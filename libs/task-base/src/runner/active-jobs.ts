import { WaitingError } from 'bullmq';
import type { Job } from 'bullmq';

/** The part of BullMQ's job that giving it back needs. */
type ReturnableJob = Pick<Job, 'moveToWait'>;

/** The jobs this process is running, so that a shutdown can give back what it cannot finish. */
export class ActiveJobs {
  private readonly running = new Map<
    ReturnableJob,
    { readonly name: string; readonly giveBack: () => void }
  >();

  /** Names of what is running, as `task job-id`. */
  get names(): string[] {
    return [...this.running.values()].map(({ name }) => name);
  }

  /**
   * Runs `work` for the job. When the job is given back meanwhile, it waits in its queue again for another worker, no attempt is
   * counted, and the outcome of `work` is not used.
   */
  async track(job: ReturnableJob, name: string, token: string, work: Promise<unknown>): Promise<unknown> {
    let giveBack = (): void => undefined;
    const givenBack = new Promise<never>((_resolve, reject) => {
      giveBack = () => {
        // BullMQ's way to say "I have moved it myself": neither completed nor failed.
        job.moveToWait(token).then(() => reject(new WaitingError()), reject);
      };
    });
    this.running.set(job, { name, giveBack });
    try {
      return await Promise.race([work, givenBack]);
    } finally {
      this.running.delete(job);
    }
  }

  /** Gives every running job back to its queue. */
  giveBackAll(): void {
    for (const { giveBack } of this.running.values()) giveBack();
  }
}
