import { WaitingError } from 'bullmq';
import type { Job } from 'bullmq';
import type { Logger } from '@nestjs/common';
import type { Metrics } from '@bus/observability';
import type { CancellableRun, RunCancellations } from '../cancel/run-cancellations.ts';
import { isMovedAside } from '../chain/move-aside.ts';
import type { QueueName } from '../queues/queue-catalog.ts';
import { RepeatedWarnings } from '../repeated-warnings.ts';
import type { ActiveRun } from './active-runs.ts';

/** Puts what a run came to into the words BullMQ knows: completed, failed, or moved elsewhere. */
export class RunOutcomes {
  private readonly metrics: Metrics;
  private readonly cancellations: RunCancellations;
  private readonly logger: Logger;
  private readonly warnings: RepeatedWarnings;
  private readonly cancelledJobs = new WeakSet<object>();

  constructor(metrics: Metrics, cancellations: RunCancellations, logger: Logger) {
    this.metrics = metrics;
    this.cancellations = cancellations;
    this.logger = logger;
    this.warnings = new RepeatedWarnings(logger);
  }

  /** Settles as BullMQ is to be told about the run whose chain is `work`. */
  of(run: ActiveRun, work: Promise<unknown>): Promise<unknown> {
    return work.then(
      (result) => (run.control.cancelled === undefined ? result : this.completed(run, result)),
      (error: unknown) => this.failed(run, error),
    );
  }

  /** Whether the job ended because it was cancelled, which BullMQ can only call a failure. */
  wasCancelled(job: Job): boolean {
    return this.cancelledJobs.has(job);
  }

  /** A cancel nobody heard before the job failed for good must not meet it when an operator lets it run again. */
  givenUp(queue: QueueName, job: Job): void {
    void this.settleCancel({ queue, jobId: job.id ?? '', job }, 'too_late');
  }

  /** Redis did not take how a run ended. */
  countFenced(queue: QueueName, task: string, jobId: string): void {
    this.metrics.counter('bus_task_fenced_total').inc({ queue, task });
    this.logger.log(`${task} ${jobId} had passed to another worker; what this run came to was not taken`);
  }

  /** The run was cancelled and has completed all the same. */
  private async completed(run: ActiveRun, result: unknown): Promise<unknown> {
    await this.settleCancel(run, 'too_late');
    return result;
  }

  private async failed(run: ActiveRun, error: unknown): Promise<never> {
    const { control } = run;
    if (isMovedAside(error)) throw error;
    if (control.isDisowned) {
      this.countFenced(run.queue, run.taskName, run.jobId);
      // Its owner says how it ended; from here, neither completed nor failed.
      throw new WaitingError();
    }
    if (control.cancelled !== undefined) await this.leaveQueue(run);
    throw error;
  }

  /** First the record, then the job: should this process die in between, the next worker still knows. */
  private async leaveQueue(run: ActiveRun): Promise<void> {
    await this.settleCancel(run, 'cancelled');
    this.cancelledJobs.add(run.job);
    run.job.opts.removeOnFail = true;
  }

  private async settleCancel(run: CancellableRun, outcome: 'cancelled' | 'too_late'): Promise<void> {
    await this.cancellations
      .settle(run, outcome)
      .catch((error: unknown) => this.warnings.warn('the outcome of a cancel is not recorded', error));
  }
}
