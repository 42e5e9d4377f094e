import { redact, redactText } from '@bus/observability';
import { readFailure } from '../chain/failure-reason.ts';
import type { Cancellation } from '../cancel/cancellation.ts';
import { fencingTokenOf } from '../chain/fencing-token.ts';
import { readCorrelationId, readParams, readScheduleRunId } from '../client/job-data.ts';
import type { Parking } from '../parking/parked-jobs.ts';
import { STALLED_REASON } from '../dead-letters/letter-of-job.ts';
import { fromBullPriority } from '../queues/job-priority.ts';
import type { QueueName } from '../queues/queue-catalog.ts';
import type { JobState } from '../queues/queue-states.ts';
import { shownParams } from '../privacy/shown-params.ts';
import { withoutSeals } from './sealed-values.ts';

/** Where a job lies. */
export interface JobRef {
  readonly queue: QueueName;
  readonly jobId: string;
}

/** One job for people and programs: everything stored about it, freed of secrets. */
export interface JobView extends JobRef {
  readonly state: JobState | 'unknown';
  /** As the job names it; may be no task of ours. */
  readonly taskName: string;
  readonly params: unknown;
  readonly correlationId: string | null;
  /** On the scale of the bus, 10 = most urgent; null when the job has none. */
  readonly priority: number | null;
  /** Earliest start, counted from when the job was enqueued. */
  readonly delayMs: number;
  readonly enqueuedAt: Date | null;
  /** When a delayed job runs at the earliest: as it was asked for, or as its next retry; null for any other job. */
  readonly runsAt: Date | null;
  /** Latest start. */
  readonly startedAt: Date | null;
  readonly finishedAt: Date | null;
  /** Runs that were started since it was first enqueued, ended or not. */
  readonly starts: number;
  /** Runs that came to an end, since it was enqueued or retried by hand. */
  readonly attempts: number;
  /** Failed attempts after which no retry follows. */
  readonly maxAttempts: number;
  /** How often its worker was lost. */
  readonly stalls: number;
  readonly progress: unknown;
  /** `ctx.fencingToken` of the latest start; null before the first. */
  readonly fencingToken: number | null;
  /** Set while it waits for a service whose circuit is open. */
  readonly parking: Parking | null;
  /** The cancel that was asked for it. */
  readonly cancellation: Cancellation | null;
  /** The run of a schedule it is for. */
  readonly scheduleRunId: string | null;
  /** INSTANCE_ID of the process that runs it, or ran it last. */
  readonly worker: string | null;
  readonly failure: { readonly reason: string; readonly detail: string } | null;
  readonly result: unknown;
  /** Stack traces of the latest failures, oldest first. */
  readonly stacks: readonly string[];
}

/** The fields of a job's hash that a view is made of. */
export const JOB_FIELDS = [
  'name',
  'data',
  'opts',
  'priority',
  'delay',
  'timestamp',
  'processedOn',
  'finishedOn',
  'atm',
  'ats',
  'stc',
  'progress',
  'pb',
  'failedReason',
  'defa',
  'returnvalue',
  'stacktrace',
] as const;

type JobField = (typeof JOB_FIELDS)[number];

/** What is kept of a job beside its hash. */
export type JobSurroundings = Pick<JobView, 'state' | 'runsAt' | 'parking' | 'cancellation'>;

/** Nothing here is trusted: what cannot be read is shown as text, or left out. `values` are in the order of JOB_FIELDS. */
export function jobViewOf(
  ref: JobRef,
  { cancellation, ...surroundings }: JobSurroundings,
  values: readonly (string | null | undefined)[],
): JobView {
  const field = (name: JobField): string | undefined => values[JOB_FIELDS.indexOf(name)] ?? undefined;
  const count = (name: JobField): number => finite(field(name)) ?? 0;
  const data = parsedOrText(field('data'));
  const options = parsedOrText(field('opts'));
  const enqueuedAt = dateOf(field('timestamp'));
  const starts = count('ats');
  return {
    ...ref,
    ...surroundings,
    // The same id enqueued again later is another request, which that cancel was not for.
    cancellation: cancellation?.requestTime === field('timestamp') ? cancellation : null,
    taskName: field('name') ?? 'unknown',
    params: shownParams(field('name') ?? undefined, readParams(data) ?? data ?? null),
    correlationId: readCorrelationId(data) ?? null,
    priority: fromBullPriority(count('priority')),
    delayMs: numberIn(options, 'delay') ?? 0,
    enqueuedAt,
    startedAt: dateOf(field('processedOn')),
    finishedAt: dateOf(field('finishedOn')),
    starts,
    attempts: count('atm'),
    maxAttempts: numberIn(options, 'attempts') ?? 1,
    stalls: count('stc'),
    progress: shown(parsedOrText(field('progress')) ?? 0),
    fencingToken:
      starts > 0 ? fencingTokenOf({ timestamp: enqueuedAt?.getTime() ?? 0, attemptsStarted: starts }) : null,
    scheduleRunId: readScheduleRunId(data) ?? null,
    worker: field('pb') ?? null,
    failure: failureOf(field('defa'), field('failedReason')),
    result: shown(parsedOrText(field('returnvalue')) ?? null),
    stacks: textsIn(parsedOrText(field('stacktrace'))),
  };
}

function shown(value: unknown): unknown {
  return redact(withoutSeals(value));
}

function failureOf(deferred: string | undefined, reason: string | undefined): JobView['failure'] {
  if (deferred !== undefined) return { reason: STALLED_REASON, detail: redactText(deferred) };
  if (reason === undefined) return null;
  const failure = readFailure(reason);
  return { ...failure, detail: redactText(failure.detail) };
}

export function parsedOrText(text: string | undefined): unknown {
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}

function numberIn(value: unknown, field: string): number | undefined {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, field)) return undefined;
  const found = (value as Record<string, unknown>)[field];
  return typeof found === 'number' && Number.isFinite(found) ? found : undefined;
}

function textsIn(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((one) => typeof one === 'string').map(redactText) : [];
}

function finite(text: string | undefined): number | undefined {
  const number = Number(text);
  return text !== undefined && Number.isFinite(number) ? number : undefined;
}

function dateOf(text: string | undefined): Date | null {
  const ms = finite(text);
  const date = new Date(ms ?? Number.NaN);
  return Number.isNaN(date.getTime()) ? null : date;
}
