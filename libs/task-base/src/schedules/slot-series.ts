import { Cron } from 'croner';
import type { ScheduleProblem } from './schedule.errors.ts';
import type { ScheduleTiming } from './schedule.ts';

/** The library also takes ISO times, which would be a schedule of one slot in whose zone nobody can tell. */
const CRON_SHAPE = /^(@[a-z]+|\S+( +\S+){4,5})$/;

const SECOND_MS = 1_000;
const DAY_MS = 86_400_000;

/** How far back the latest slot before a time is looked for, in steps: a dense pattern is found in the first. */
const LOOK_BACK_MS = [60_000, 3_600_000, DAY_MS, 32 * DAY_MS, 366 * DAY_MS, 10 * 366 * DAY_MS];

/** What keeps a timing from having slots; empty when nothing does. */
export function timingProblems(timing: ScheduleTiming): ScheduleProblem[] {
  const problems: ScheduleProblem[] = [];
  const { cron, everySeconds, timeZone } = timing;
  if ((cron === null) === (everySeconds === null)) {
    problems.push({ field: 'cron', reason: 'or every_seconds must be given, and only one of them' });
  }
  if (everySeconds !== null && (!Number.isInteger(everySeconds) || everySeconds < 1)) {
    problems.push({ field: 'every_seconds', reason: 'must be a whole number, 1 or more' });
  }
  const zoneIsKnown = isTimeZone(timeZone);
  if (!zoneIsKnown) {
    problems.push({
      field: 'time_zone',
      reason: `'${timeZone}' is no IANA time zone, such as Europe/Berlin`,
    });
  }
  if (cron !== null) {
    const reason = cronProblem(cron, zoneIsKnown ? timeZone : 'UTC');
    if (reason !== undefined) problems.push({ field: 'cron', reason });
  }
  return problems;
}

/**
 * The slots of a schedule: a pure function of its timing, so every process finds the same ones.
 *
 * Daylight saving, for cron: a pattern that names its times (seconds, minutes and hours without `*` and `/`) runs once for each
 * on every local day, at the first moment after the gap when the clock jumps over it, and at the first of two when the clock
 * goes back. A pattern with `*` or `/` among them counts real time: it has no slot inside the gap, and slots in both passes.
 *
 * @throws RangeError when the timing has problems
 */
export class SlotSeries {
  private readonly timing: ScheduleTiming;
  private readonly cron: Cron | undefined;

  constructor(timing: ScheduleTiming) {
    const problems = timingProblems(timing);
    if (problems.length > 0) {
      throw new RangeError(problems.map(({ field, reason }) => `${field} ${reason}`).join('; '));
    }
    this.timing = timing;
    if (timing.cron !== null) this.cron = parseCron(timing.cron, timing.timeZone);
  }

  /** The first slot after this time; undefined when there is none. */
  after(time: Date): Date | undefined {
    const { startsAt, endsAt } = this.timing;
    const from = startsAt !== null && startsAt > time ? new Date(startsAt.getTime() - 1) : time;
    const slot = this.cron === undefined ? this.nextInterval(from) : nextOf(this.cron, from);
    if (slot === undefined || (endsAt !== null && slot >= endsAt)) return undefined;
    return slot;
  }

  /** The last slot from `first`, which is one, up to `time`. */
  latest(first: Date, time: Date): Date {
    for (const lookBackMs of LOOK_BACK_MS) {
      const from = Math.max(first.getTime() - 1, time.getTime() - lookBackMs);
      let found: Date | undefined;
      for (
        let slot = this.after(new Date(from));
        slot !== undefined && slot <= time;
        slot = this.after(slot)
      ) {
        found = slot;
      }
      if (found !== undefined) return found;
      if (from < first.getTime()) break;
    }
    return first;
  }

  private nextInterval(from: Date): Date {
    const everyMs = (this.timing.everySeconds ?? 1) * SECOND_MS;
    const origin = this.timing.startsAt?.getTime() ?? 0;
    const passed = Math.floor((from.getTime() - origin) / everyMs);
    return new Date(origin + Math.max(0, passed + 1) * everyMs);
  }
}

function parseCron(pattern: string, timeZone: string): Cron {
  return new Cron(pattern, {
    timezone: timeZone,
    mode: '5-or-6-parts',
    fixedTimeRule: 'no-wildcard',
    // Only asked for times: its own timers would be one process's idea of the clock.
    paused: true,
  });
}

function nextOf(cron: Cron, from: Date): Date | undefined {
  return cron.nextRun(from) ?? undefined;
}

function cronProblem(pattern: string, timeZone: string): string | undefined {
  if (!CRON_SHAPE.test(pattern.trim())) {
    return `'${pattern}' needs five fields (minute hour day month weekday), or six with seconds in front`;
  }
  try {
    const cron = parseCron(pattern, timeZone);
    return nextOf(cron, new Date(0)) === undefined ? `'${pattern}' never comes` : undefined;
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return `'${pattern}' cannot be read: ${message.replace(/^CronPattern: /, '')}`;
  }
}

function isTimeZone(name: string): boolean {
  // Fixed offsets are taken by some engines; they are no place, and have no daylight saving.
  if (!/^[A-Za-z]/.test(name)) return false;
  try {
    return Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}
