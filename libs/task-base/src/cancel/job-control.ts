import { setTimeout as sleep } from 'node:timers/promises';
import { redactText } from '@bus/observability';
import type { Metrics } from '@bus/observability';
import { redisKeys } from '@bus/platform';
import type { RedisConnection } from '@bus/platform';
import { taskNameOf } from '../client/job-id.ts';
import { QUEUES } from '../queues/queue-catalog.ts';
import { TaskQueueUnavailableError } from '../task-base.errors.ts';
import { CANCEL, READ_OUTCOME } from './cancel-scripts.lua.ts';
import { parseCancellation } from './cancellation.ts';
import type { Cancellation } from './cancellation.ts';
import { placeOfAddress } from './job-address.ts';
import type { JobPlace, JobAddress } from './job-address.ts';
import { isFinalOutcome, parseOutcome } from './task-outcome.ts';
import type { TaskOutcome } from './task-outcome.ts';

export interface CancelOptions {
  /** For people; kept redacted, at most 200 characters. */
  readonly reason?: string;
  /** Who asks, for people: an operator, a process. */
  readonly by?: string;
  /** How long to wait for a running job to end, in milliseconds. @default 0 */
  readonly waitMs?: number;
}

/** What a cancel came to. */
export interface CancelResult {
  /**
   * 'cancelled': it will not run, or has been stopped; also when it was cancelled before. 'requested': its run has been told and has
   * not ended yet. 'already_finished': it ended by itself. 'not_found': there never was such a job, or it is no longer kept.
   */
  readonly outcome: 'cancelled' | 'requested' | 'already_finished' | 'not_found';
  /** Undefined when nothing was cancelled. */
  readonly cancellation: Cancellation | undefined;
}

export interface WaitOptions {
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
}

const MAX_TEXT_LENGTH = 200;
const FIRST_PAUSE_MS = 20;
const LONGEST_PAUSE_MS = 250;

interface ControlCommands {
  busCancelJob(...args: (string | number)[]): Promise<[state: string, done: string, record: string]>;
  busReadOutcome(...args: (string | number)[]): Promise<string[]>;
}

/** Cancels jobs and reads what became of them, from any process that reaches Redis. */
export class JobControl {
  private readonly connection: RedisConnection;
  private readonly commands: ControlCommands;
  private readonly metrics: Metrics;

  constructor(connection: RedisConnection, metrics: Metrics) {
    this.connection = connection;
    this.metrics = metrics;
    connection.defineCommand('busCancelJob', { numberOfKeys: 3, lua: CANCEL });
    connection.defineCommand('busReadOutcome', { numberOfKeys: 3, lua: READ_OUTCOME });
    this.commands = connection as unknown as ControlCommands;
  }

  /** See `TaskClient.cancel`. */
  async cancel(ref: JobAddress, options: CancelOptions = {}): Promise<CancelResult> {
    const place = placeOfAddress(ref);
    if (place === undefined) return { outcome: 'not_found', cancellation: undefined };
    const deadline = Date.now() + (options.waitMs ?? 0);
    let result = await this.requestCancel(place, options, '');
    for (let pauseMs = FIRST_PAUSE_MS; result.outcome === 'requested'; pauseMs *= 2) {
      const leftMs = deadline - Date.now();
      if (leftMs <= 0) break;
      await sleep(Math.min(pauseMs, LONGEST_PAUSE_MS, leftMs));
      // Asked again rather than looked at: should its worker die meanwhile, this takes the job out of the queue.
      result = await this.requestCancel(place, options, result.cancellation?.requestTime ?? '');
    }
    return result;
  }

  /** See `TaskClient.outcome`. */
  async outcome(ref: JobAddress): Promise<TaskOutcome> {
    const place = placeOfAddress(ref);
    if (place === undefined) return { state: 'not_found' };
    const { job, lock, cancellation, prefix, jobId } = place;
    return parseOutcome(
      await this.answered(place, this.commands.busReadOutcome(job, lock, cancellation, prefix, jobId)),
    );
  }

  /** See `TaskClient.waitForOutcome`. */
  async waitForOutcome(ref: JobAddress, { timeoutMs, signal }: WaitOptions): Promise<TaskOutcome> {
    const deadline = Date.now() + timeoutMs;
    for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs *= 2) {
      const outcome = await this.outcome(ref);
      const leftMs = deadline - Date.now();
      if (isFinalOutcome(outcome) || leftMs <= 0) return outcome;
      await sleep(
        Math.min(pauseMs, LONGEST_PAUSE_MS, leftMs),
        undefined,
        signal === undefined ? {} : { signal },
      );
    }
  }

  /** See `TaskClient.readCancellation`. */
  async readCancellation(ref: JobAddress): Promise<Cancellation | undefined> {
    const place = placeOfAddress(ref);
    if (place === undefined) return undefined;
    return parseCancellation(await this.answered(place, this.connection.get(place.cancellation)));
  }

  private async requestCancel(
    place: JobPlace,
    { reason, by }: CancelOptions,
    requestTime: string,
  ): Promise<CancelResult> {
    const { queue, jobId, prefix, job, lock } = place;
    const [state, done, record] = await this.answered(
      place,
      this.commands.busCancelJob(
        job,
        lock,
        place.cancellation,
        prefix,
        jobId,
        JSON.stringify({ by: boundedText(by), reason: boundedText(reason) }),
        QUEUES[queue].keepFailed.ageSeconds * 1_000,
        Date.now(),
        redisKeys.cancelChannel(queue),
        requestTime,
      ),
    );
    const cancellation = parseCancellation(record);
    if (done === 'removed') {
      this.metrics.counter('bus_task_cancelled_total').inc({ queue, task: taskNameOf(jobId) ?? 'unknown' });
      return { outcome: 'cancelled', cancellation };
    }
    if (done === 'requested') return { outcome: 'requested', cancellation };
    return resultWithoutJob(state, cancellation);
  }

  private async answered<T>({ queue }: JobPlace, answer: Promise<T>): Promise<T> {
    try {
      return await answer;
    } catch (error) {
      throw new TaskQueueUnavailableError(queue, error, 'did not answer');
    }
  }
}

function resultWithoutJob(state: string, cancellation: Cancellation | undefined): CancelResult {
  if (state === 'completed' || state === 'failed' || cancellation?.outcome === 'too_late') {
    return { outcome: 'already_finished', cancellation: undefined };
  }
  if (cancellation?.outcome === 'cancelled') return { outcome: 'cancelled', cancellation };
  return { outcome: 'not_found', cancellation: undefined };
}

function boundedText(text: string | undefined): string | undefined {
  return text === undefined ? undefined : redactText(text.slice(0, MAX_TEXT_LENGTH));
}
