import type { TaskClient } from '../client/task-client.ts';
import type { DeadLetter } from '../dead-letters/dead-letter.ts';
import { QUEUE_NAMES } from '../queues/queue-catalog.ts';
import type { QueueName } from '../queues/queue-catalog.ts';
import { TaskParamsInvalidError } from '../task-base.errors.ts';
import type { TaskDefinition } from '../tasks/define-task.ts';
import type { JobAdmin } from './job-admin.ts';
import type { JobView } from './job-view.ts';
import { isIncomplete } from './sealed-values.ts';

/** A dead letter as its archive keeps it. */
export interface ArchivedLetter extends DeadLetter {
  readonly deadLetterId: number;
  readonly status: 'open' | 'requeued' | 'discarded';
}

/** Where dead letters are found again and closed. */
export interface DeadLetterArchive {
  find(deadLetterId: number): Promise<ArchivedLetter | undefined>;
  /** Of any number of callers exactly one gets true. */
  close(deadLetterId: number, as: 'requeued' | 'discarded', userId: number | null): Promise<boolean>;
  /** Undoes a close as 'requeued'. */
  reopen(deadLetterId: number): Promise<void>;
}

/** What became of a letter somebody wanted to deal with. */
export type LetterOutcome =
  /** The job in Redis runs again: the original, secrets and all. */
  | { readonly kind: 'job-retried'; readonly jobId: string }
  /** Redis had the job no more; it was enqueued anew from the letter. */
  | { readonly kind: 'job-enqueued'; readonly jobId: string }
  /** Somebody has retried the job already: there is nothing left to do but to close the letter. */
  | { readonly kind: 'not-dead'; readonly state: JobView['state'] }
  | { readonly kind: 'discarded'; readonly jobRemoved: boolean }
  | { readonly kind: 'closed-before'; readonly status: ArchivedLetter['status'] }
  | { readonly kind: 'missing' }
  /** The letter stays open. */
  | { readonly kind: 'impossible'; readonly why: string };

/** Deals with dead letters: back into their queue, or away. Safe for any number of people at once. */
export class DeadLetterDesk {
  private readonly archive: DeadLetterArchive;
  private readonly jobs: JobAdmin;
  private readonly client: TaskClient;
  private readonly catalog: readonly TaskDefinition[];

  constructor(parts: {
    archive: DeadLetterArchive;
    jobs: JobAdmin;
    client: TaskClient;
    catalog: readonly TaskDefinition[];
  }) {
    this.archive = parts.archive;
    this.jobs = parts.jobs;
    this.client = parts.client;
    this.catalog = parts.catalog;
  }

  /**
   * Puts the job of a letter back into its queue, once, however many ask. The letter is closed first and opened again when that did
   * not work; what was thrown then is thrown on.
   */
  async requeue(deadLetterId: number): Promise<LetterOutcome> {
    const letter = await this.archive.find(deadLetterId);
    if (letter === undefined) return { kind: 'missing' };
    if (!(await this.archive.close(deadLetterId, 'requeued', null))) return this.closedBefore(letter);
    try {
      const outcome = await this.putBack(letter);
      if (outcome.kind === 'impossible') await this.archive.reopen(deadLetterId);
      return outcome;
    } catch (error) {
      await this.archive.reopen(deadLetterId);
      throw error;
    }
  }

  /** Closes a letter for good and removes its failed job from Redis. */
  async discard(deadLetterId: number): Promise<LetterOutcome> {
    const letter = await this.archive.find(deadLetterId);
    if (letter === undefined) return { kind: 'missing' };
    if (!(await this.archive.close(deadLetterId, 'discarded', null))) return this.closedBefore(letter);
    const queue = QUEUE_NAMES.find((name) => name === letter.queue);
    if (queue === undefined) return { kind: 'discarded', jobRemoved: false };
    const job = await this.jobs.show(letter.jobId, queue);
    // A later failure of the same job has a letter of its own.
    const isThisFailure = job?.finishedAt?.getTime() === letter.failedAt.getTime();
    const jobRemoved = isThisFailure && (await this.jobs.removeFailed({ queue, jobId: letter.jobId }));
    return { kind: 'discarded', jobRemoved };
  }

  private async putBack(letter: ArchivedLetter): Promise<LetterOutcome> {
    const queue = QUEUE_NAMES.find((name) => name === letter.queue);
    if (queue === undefined)
      return { kind: 'impossible', why: `there is no queue '${letter.queue}' any more` };
    const outcome = await this.jobs.retry({ queue, jobId: letter.jobId });
    if (outcome === 'retried') return { kind: 'job-retried', jobId: letter.jobId };
    const job = outcome === 'not-failed' ? await this.jobs.show(letter.jobId, queue) : undefined;
    if (job !== undefined) return { kind: 'not-dead', state: job.state };
    return this.enqueueAnew(letter, queue);
  }

  private async enqueueAnew(letter: ArchivedLetter, queue: QueueName): Promise<LetterOutcome> {
    const task = this.catalog.find(({ name }) => name === letter.taskName);
    const why = problemOf(letter, task, queue);
    if (task === undefined || why !== undefined) return { kind: 'impossible', why: why ?? '' };
    const idPrefix = `${task.name}-`;
    try {
      const { jobId } = await this.client.enqueue(task, letter.params as object, {
        ...(letter.jobId.startsWith(idPrefix) ? { jobId: letter.jobId.slice(idPrefix.length) } : {}),
        ...(letter.correlationId === null ? {} : { correlationId: letter.correlationId }),
      });
      return { kind: 'job-enqueued', jobId };
    } catch (error) {
      if (error instanceof TaskParamsInvalidError) return { kind: 'impossible', why: error.message };
      throw error;
    }
  }

  private async closedBefore({ deadLetterId, status }: ArchivedLetter): Promise<LetterOutcome> {
    const now = await this.archive.find(deadLetterId);
    return { kind: 'closed-before', status: now?.status ?? status };
  }
}

function problemOf(
  letter: ArchivedLetter,
  task: TaskDefinition | undefined,
  queue: QueueName,
): string | undefined {
  const gone = 'Redis keeps the job no more, and';
  if (task === undefined) return `${gone} this build has no task '${letter.taskName}'`;
  if (task.queue !== queue) return `${gone} '${task.name}' runs on '${task.queue}' now: enqueue it yourself`;
  if (typeof letter.params !== 'object' || letter.params === null)
    return `${gone} its letter has no parameters`;
  if (isIncomplete(letter.params)) {
    return `${gone} its letter has no secrets: enqueue it again with all its parameters (bus task run ${task.name})`;
  }
  return undefined;
}
