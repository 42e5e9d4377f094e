import type { Schedule, ScheduleRun } from '@bus/task-base';
import { printable } from '../output/printable.ts';
import { paint, type Screen, type Style } from '../output/screen.ts';
import { fields, table, type Cell } from '../output/table.ts';
import { ago, counted, duration, secondOf } from '../output/words.ts';

/** A schedule as it is shown: no secret among its parameters, and its next slots with it. */
export interface ShownSchedule extends Schedule {
  readonly nextSlots: readonly Date[];
}

export function scheduleTable(screen: Screen, schedules: readonly ShownSchedule[]): string {
  if (schedules.length === 0) return 'There is no schedule yet: bus schedule add';
  const failing = schedules.filter(isFailing);
  return [
    table(
      screen,
      [
        { title: 'schedule', shrinks: 'id' },
        { title: 'task', shrinks: 'id' },
        { title: 'when', shrinks: 'text' },
        { title: 'last', align: 'right' },
        { title: 'next in', align: 'right' },
        { title: 'state' },
      ],
      schedules.map((schedule) => [
        schedule.name,
        schedule.taskName,
        timingText(schedule),
        ago(schedule.lastSlotAt),
        schedule.enabled ? untilText(schedule.nextSlots[0]) : '-',
        stateCell(schedule),
      ]),
    ),
    ...failing.map(({ name, lastError }) => paint(screen, 'bad', printable(`! ${name}: ${lastError ?? ''}`))),
  ].join('\n');
}

export function scheduleDetails(
  screen: Screen,
  schedule: ShownSchedule,
  runs: readonly ScheduleRun[],
): string {
  const { catchUp, catchUpLimit, overlap, jitterSeconds, startsAt, endsAt, lastError } = schedule;
  const entries: [string, Cell][] = [
    ['schedule', schedule.name],
    ['task', schedule.taskName],
    ['state', stateCell(schedule)],
    ...(lastError === null ? [] : [['cannot work', { text: lastError, style: 'bad' }] as [string, Cell]]),
    ['when', timingText(schedule)],
    ...(startsAt === null ? [] : [['starts', secondOf(startsAt)] as [string, Cell]]),
    ...(endsAt === null ? [] : [['ends', secondOf(endsAt)] as [string, Cell]]),
    ['missed slots', catchUp === 'all' ? `all, ${catchUpLimit} at most` : catchUp],
    ['overlap', overlap],
    ['jitter', jitterSeconds === 0 ? 'none' : `up to ${duration(jitterSeconds)}`],
    [
      'last slot',
      schedule.lastSlotAt === null
        ? '-'
        : `${secondOf(schedule.lastSlotAt)} (${ago(schedule.lastSlotAt)} ago)`,
    ],
    [
      'added',
      `${secondOf(schedule.createdAt)}${schedule.createdBy === null ? '' : ` by ${schedule.createdBy}`}`,
    ],
    ['changed', secondOf(schedule.updatedAt)],
  ];
  return [
    fields(screen, entries),
    '',
    nextSlots(screen, schedule),
    '',
    paint(screen, 'quiet', 'PARAMETERS'),
    JSON.stringify(schedule.params, null, 2).split('\n').map(printable).join('\n'),
    '',
    runTable(screen, runs),
  ].join('\n');
}

/** The next slots, in UTC and as the clock on the wall shows them. */
export function nextSlots(screen: Screen, { nextSlots: slots, timeZone, enabled }: ShownSchedule): string {
  if (slots.length === 0) return paint(screen, 'quiet', 'No slot is left.');
  const wall = wallClock(timeZone);
  const rows = slots.map((slot) => [
    secondOf(slot),
    ...(wall === undefined ? [] : [wall(slot)]),
    untilText(slot),
  ]);
  return [
    table(
      screen,
      [
        { title: 'next slot' },
        ...(wall === undefined ? [] : [{ title: timeZone }]),
        { title: 'in', align: 'right' as const },
      ],
      rows,
    ),
    ...(enabled
      ? []
      : [paint(screen, 'warning', 'It is paused: none of them runs until bus schedule resume.')]),
  ].join('\n');
}

function runTable(screen: Screen, runs: readonly ScheduleRun[]): string {
  if (runs.length === 0) return paint(screen, 'quiet', 'It has had no slot yet.');
  return table(
    screen,
    [
      { title: 'slot' },
      { title: 'cause' },
      { title: 'state' },
      { title: 'took', align: 'right' },
      { title: 'job', shrinks: 'id' },
      { title: 'why', shrinks: 'text' },
    ],
    runs.map((run) => [
      secondOf(run.slotAt),
      run.cause.replace('_', ' '),
      {
        text: run.slots > 1 ? `${run.state} ${counted(run.slots, 'slot')}` : run.state,
        style: RUN_STYLES[run.state],
      },
      tookText(run),
      run.jobId ?? '-',
      run.reason ?? '-',
    ]),
  );
}

const RUN_STYLES: Readonly<Record<ScheduleRun['state'], Style | undefined>> = {
  due: undefined,
  waiting: undefined,
  enqueued: 'title',
  succeeded: 'good',
  failed: 'bad',
  skipped: 'quiet',
  removed: 'warning',
};

function tookText({ startedAt, finishedAt }: ScheduleRun): string {
  if (startedAt === null || finishedAt === null) return '-';
  return duration((finishedAt.getTime() - startedAt.getTime()) / 1_000);
}

export function isFailing({ enabled, lastError }: Schedule): boolean {
  return enabled && lastError !== null;
}

function stateCell(schedule: Schedule): Cell {
  if (!schedule.enabled) return { text: 'paused', style: 'warning' };
  if (isFailing(schedule)) return { text: 'cannot work', style: 'bad' };
  return schedule.isEnded ? { text: 'ended', style: 'quiet' } : { text: 'on', style: 'good' };
}

export function timingText({ cron, everySeconds, timeZone }: Schedule): string {
  return everySeconds === null ? `${cron ?? '?'} ${timeZone}` : `every ${duration(everySeconds)}`;
}

function untilText(slot: Date | undefined): string {
  if (slot === undefined) return '-';
  return duration(Math.max(0, Math.round((slot.getTime() - Date.now()) / 1_000)));
}

/** Undefined in UTC, which is shown anyway, and for a zone that is none. */
function wallClock(timeZone: string): ((at: Date) => string) | undefined {
  if (timeZone === 'UTC') return undefined;
  try {
    const format = new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short', timeStyle: 'medium' });
    return (at) => format.format(at);
  } catch {
    return undefined;
  }
}
