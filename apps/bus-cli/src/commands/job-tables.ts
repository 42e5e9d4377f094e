import type { Cancellation, JobStep, JobView, TaskDefinition, WorkRecord } from '@bus/task-base';
import { printable } from '../output/printable.ts';
import { paint, type Screen, type Style } from '../output/screen.ts';
import { fields, table, type Cell, type Column } from '../output/table.ts';
import { ago, duration, moment, oneLine } from '../output/words.ts';

const JOB: Column = { title: 'job', shrinks: 'id' };

export function jobTable(screen: Screen, jobs: readonly JobView[]): string {
  return table(
    screen,
    [
      JOB,
      { title: 'queue' },
      { title: 'state' },
      { title: 'age', align: 'right' },
      { title: 'starts', align: 'right' },
      { title: 'parameters', shrinks: 'text' },
    ],
    jobs.map((job) => [
      job.jobId,
      job.queue,
      stateCell(job),
      ago(job.enqueuedAt),
      job.starts,
      oneLine(job.params),
    ]),
  );
}

export function activeTable(screen: Screen, jobs: readonly JobView[]): string {
  return table(
    screen,
    [
      JOB,
      { title: 'queue' },
      { title: 'worker', shrinks: 'text' },
      { title: 'running', align: 'right' },
      { title: 'start', align: 'right' },
      { title: 'progress', shrinks: 'text' },
    ],
    jobs.map((job) => [
      job.jobId,
      job.queue,
      job.worker ?? '-',
      ago(job.startedAt),
      job.starts,
      progressOf(job.progress),
    ]),
  );
}

export function scheduledTable(screen: Screen, jobs: readonly JobView[], now = Date.now()): string {
  return table(
    screen,
    [
      JOB,
      { title: 'queue' },
      { title: 'starts in', align: 'right' },
      { title: 'why' },
      { title: 'parameters', shrinks: 'text' },
    ],
    jobs.map((job) => [
      job.jobId,
      job.queue,
      job.runsAt === null ? '-' : duration(Math.max(0, Math.round((job.runsAt.getTime() - now) / 1_000))),
      whyLater(job),
      oneLine(job.params),
    ]),
  );
}

function whyLater({ parking, attempts, maxAttempts }: JobView): string {
  if (parking !== null) return `circuit of ${parking.service}`;
  return attempts > 0 ? `retry ${attempts} of ${maxAttempts - 1}` : 'asked for';
}

export function failedTable(screen: Screen, jobs: readonly JobView[]): string {
  return table(
    screen,
    [
      JOB,
      { title: 'queue' },
      { title: 'ago', align: 'right' },
      { title: 'starts', align: 'right' },
      { title: 'reason', shrinks: 'id' },
      { title: 'detail', shrinks: 'text' },
    ],
    jobs.map((job) => [
      job.jobId,
      job.queue,
      ago(job.finishedAt),
      job.starts,
      job.failure?.reason ?? '-',
      job.failure?.detail ?? '-',
    ]),
  );
}

/** What is known of a job beside itself. */
export interface JobBackground {
  readonly runsIn: TaskDefinition['runsIn'] | null;
  readonly work: WorkRecord | undefined;
}

export function jobDetails(screen: Screen, job: JobView, { runsIn, work }: JobBackground): string {
  const entries: [string, Cell][] = [
    ['job', job.jobId],
    ['task', job.taskName],
    ['queue', job.queue],
    ['state', stateCell(job)],
    ['priority', job.priority ?? '-'],
    ['correlation id', job.correlationId ?? '-'],
    ['enqueued', withAge(job.enqueuedAt)],
    ...(job.runsAt === null ? [] : [['starts at', moment(job.runsAt)] as [string, Cell]]),
    ...(job.parking === null ? [] : [['parked', parkingText(job.parking)] as [string, Cell]]),
    ...(job.cancellation === null
      ? []
      : [['cancel', { text: cancellationText(job.cancellation), style: 'bad' }] as [string, Cell]]),
    ...(job.scheduleRunId === null
      ? []
      : [['schedule', `run ${job.scheduleRunId} (bus job trace tells which)`] as [string, Cell]]),
    ['started last', withAge(job.startedAt)],
    ['finished', withAge(job.finishedAt)],
    ['worker', job.worker ?? '-'],
    ...(runsIn === null ? [] : [['runs in', runsInText(runsIn)] as [string, Cell]]),
    ['starts', job.starts],
    ['fencing token', job.fencingToken ?? '-'],
    ['attempts', `${job.attempts} of ${job.maxAttempts}`],
    ['lost its worker', job.stalls === 0 ? 'never' : `${job.stalls} times`],
    ['progress', progressOf(job.progress)],
  ];
  if (work !== undefined) entries.push(['same work', workText(job, work)]);
  if (job.failure !== null) {
    entries.push(['reason', { text: job.failure.reason, style: 'bad' }], ['detail', job.failure.detail]);
  }
  if (job.result !== null) entries.push(['result', oneLine(job.result)]);
  return [
    fields(screen, entries),
    '',
    paint(screen, 'quiet', 'PARAMETERS'),
    linesOf(JSON.stringify(job.params, null, 2)),
    ...job.stacks.slice(-1).flatMap((stack) => ['', paint(screen, 'quiet', 'LATEST STACK'), linesOf(stack)]),
  ].join('\n');
}

export function stepTable(screen: Screen, steps: readonly TraceStep[]): string {
  return table(
    screen,
    [
      { title: 'time' },
      { title: 'after', align: 'right' },
      { title: 'what' },
      { title: 'where', shrinks: 'id' },
      { title: 'detail', shrinks: 'text' },
    ],
    steps.map((step) => [
      step.at.toISOString().slice(11, 23),
      duration((step.at.getTime() - (steps[0]?.at.getTime() ?? 0)) / 1_000),
      { text: step.what, style: STEP_STYLES[step.what] },
      step.where,
      step.detail,
    ]),
  );
}

/** A step of a job, or of something else that belongs to the same work. */
export interface TraceStep {
  readonly at: Date;
  readonly what: string;
  readonly where: string;
  readonly detail: string;
}

export function traceStepOf(step: JobStep): TraceStep {
  return { at: step.at, what: step.what, where: step.jobId, detail: step.detail };
}

const STEP_STYLES: Readonly<Record<string, Style>> = {
  parked: 'warning',
  cancelled: 'bad',
  completed: 'good',
  failed: 'bad',
  'dead-letter': 'bad',
  'worker-lost': 'warning',
  delayed: 'warning',
};

const STATE_CELLS: Readonly<Record<JobView['state'], Cell>> = {
  // Of BullMQ's two ways to wait nobody needs to know.
  prioritized: 'waiting',
  waiting: 'waiting',
  delayed: 'delayed',
  active: { text: 'active', style: 'title' },
  completed: { text: 'completed', style: 'good' },
  failed: { text: 'failed', style: 'bad' },
  unknown: { text: 'unknown', style: 'quiet' },
};

function stateCell({ state }: JobView): Cell {
  return STATE_CELLS[state];
}

export function runsInText(runsIn: TaskDefinition['runsIn']): string {
  if (runsIn === 'worker') return 'the worker';
  return `a child process of at most ${runsIn.child.maxMemoryMiB} MiB`;
}

export function cancellationText({ outcome, by, reason, was }: Cancellation): string {
  const who = by === null ? '' : ` by ${by}`;
  const why = reason === null ? '' : `: ${reason}`;
  const came = {
    requested: 'asked for',
    cancelled: `cancelled while ${was}`,
    too_late: 'came too late',
  }[outcome];
  return `${came}${who}${why}`;
}

function parkingText({ service, until }: NonNullable<JobView['parking']>): string {
  return `until the circuit of ${service} closes, at the latest ${moment(until)}`;
}

function workText({ jobId }: JobView, { state, jobId: owner, expiresAt }: WorkRecord): string {
  const until = expiresAt === null ? '' : `, stands until ${moment(expiresAt)}`;
  const whose = owner === jobId ? 'this job' : (owner ?? 'an earlier job');
  switch (state) {
    case 'done':
      return owner === jobId ? `done by this job${until}` : `its outcome is that of ${whose}${until}`;
    case 'running':
      return `being done by ${whose}`;
    case 'failed':
      return `failed in ${whose}; the next job for it does it again`;
    default:
      return state satisfies never;
  }
}

export function progressOf(progress: unknown): string {
  if (typeof progress === 'number') return `${progress} %`;
  if (typeof progress !== 'object' || progress === null || !('percent' in progress)) return oneLine(progress);
  const message = 'message' in progress && typeof progress.message === 'string' ? ` ${progress.message}` : '';
  return `${String(progress.percent)} %${message}`;
}

export function withAge(at: Date | null): string {
  return at === null ? '-' : `${moment(at)} (${ago(at)} ago)`;
}

/** Of a text with lines of its own; each is shown, none obeyed. */
function linesOf(text: string): string {
  return text.split('\n').map(printable).join('\n');
}
