import type { CancelResult, QueueName } from '@bus/task-base';
import { NotFoundError } from '../cli.errors.ts';
import type { CommandContext } from '../command-runner.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import type { Report } from '../output/report.ts';
import { duration } from '../output/words.ts';
import { queueNamed } from './filters.ts';

export interface CancelOptions {
  readonly queue?: string;
  readonly reason?: string;
  /** Seconds. */
  readonly wait?: number;
}

/** Cancels a job. Found already cancelled counts as done; ended by itself, or never there, does not. */
export async function cancelJob(
  { session, record }: CommandContext,
  jobId: string,
  { queue: queueName, reason, wait = 0 }: CancelOptions,
): Promise<Report> {
  const wanted = queueName === undefined ? undefined : await queueNamed(queueName);
  const [{ CANCEL_GRACE_MS }, jobs, client] = await Promise.all([
    import('@bus/task-base'),
    session.jobs(),
    session.tasks(),
  ]);
  const job = await jobs.show(jobId, wanted);
  const correlationId = job?.correlationId ?? undefined;
  const queue: QueueName | undefined = wanted ?? job?.queue ?? (await jobs.cancellation(jobId))?.queue;
  const result = await client.cancel(
    { jobId, ...(queue === undefined ? {} : { queue }) },
    { by: session.actor, waitMs: wait * 1_000, ...(reason === undefined ? {} : { reason }) },
  );
  if (result.outcome === 'not_found') {
    throw new NotFoundError(`No queue has a job '${jobId}'.`, 'finished jobs are kept for a while only');
  }
  if (result.outcome !== 'already_finished') {
    await record({
      action: 'job_cancelled',
      subjectType: 'job',
      subjectId: jobId,
      ...(correlationId === undefined ? {} : { correlationId }),
      details: { outcome: result.outcome, ...(reason === undefined ? {} : { reason }) },
    });
  }
  return {
    data: { jobId, ...result },
    text: () => resultText(jobId, result, CANCEL_GRACE_MS),
    exitCode: exitCodeOf(result, wait),
  };
}

function exitCodeOf({ outcome }: CancelResult, wait: number): ExitCode {
  const isDone = outcome === 'cancelled' || (outcome === 'requested' && wait === 0);
  return isDone ? EXIT.ok : EXIT.problem;
}

function resultText(jobId: string, { outcome, cancellation }: CancelResult, graceMs: number): string {
  switch (outcome) {
    case 'cancelled':
      return cancellation?.was === 'running'
        ? `${jobId} was cancelled; its run has ended.`
        : `${jobId} was cancelled; it does not run.`;
    case 'requested':
      return (
        `${jobId} has been told to end; it has ${duration(graceMs / 1_000)} to clean up and is then given up.` +
        `\nSee: bus job show ${jobId}`
      );
    case 'already_finished':
      return `${jobId} had ended by itself.`;
    case 'not_found':
      return `There is no ${jobId}.`;
    default:
      return outcome satisfies never;
  }
}
