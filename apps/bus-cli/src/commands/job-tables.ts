import type { JobStep, JobView } from '@bus/task-base';
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
      job.attempts > 0 ? `retry ${job.attempts} of ${job.maxAttempts - 1}` : 'asked for',
      oneLine(job.params),
    ]),
  );
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

export function jobDetails(screen: Screen, job: JobView): string {
  const entries: [string, Cell][] = [
    ['job', job.jobId],
    ['task', job.taskName],
    ['queue', job.queue],
    ['state', stateCell(job)],
    ['priority', job.priority ?? '-'],
    ['correlation id', job.correlationId ?? '-'],
    ['enqueued', withAge(job.enqueuedAt)],
    ...(job.runsAt === null ? [] : [['starts at', moment(job.runsAt)] as [string, Cell]]),
    ['started last', withAge(job.startedAt)],
    ['finished', withAge(job.finishedAt)],
    ['worker', job.worker ?? '-'],
    ['starts', job.starts],
    ['attempts', `${job.attempts} of ${job.maxAttempts}`],
    ['lost its worker', job.stalls === 0 ? 'never' : `${job.stalls} times`],
    ['progress', progressOf(job.progress)],
  ];
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

function progressOf(progress: unknown): string {
  if (typeof progress === 'number') return `${progress} %`;
  if (typeof progress !== 'object' || progress === null || !('percent' in progress)) return oneLine(progress);
  const message = 'message' in progress && typeof progress.message === 'string' ? ` ${progress.message}` : '';
  return `${String(progress.percent)} %${message}`;
}

function withAge(at: Date | null): string {
  return at === null ? '-' : `${moment(at)} (${ago(at)} ago)`;
}

/** Of a text with lines of its own; each is shown, none obeyed. */
function linesOf(text: string): string {
  return text.split('\n').map(printable).join('\n');
}
