import type { TaskDefinition } from '../tasks/define-task.ts';
import { describeProblems, scheduleProblems } from './check-schedule.ts';
import type { OverlapPolicy, Schedule } from './schedule.ts';
import type { DecidedSlot, DueSchedule, SlotDecision } from './schedule-store.ts';
import { SlotSeries } from './slot-series.ts';

/** A slot that is acted on later than this was missed, and the catch-up policy decides. A restart fits into it. */
export const LATE_MS = 60_000;

/** A stretch of skipped slots is one record; counting ends here: nobody needs the exact number of a year of seconds. */
const MAX_COUNTED = 1_000;

/** A slot on its way through the policies: it is to run, or it is skipped for a reason. */
interface Candidate extends Pick<DecidedSlot, 'slotAt' | 'cause' | 'slots'> {
  readonly skipped?: string;
}

/** What becomes of the slots that have come, and when the next one is. Depends on nothing but its arguments. */
export function decideSlots(due: DueSchedule, catalog: readonly TaskDefinition[]): SlotDecision {
  const { schedule, now } = due;
  const problems = scheduleProblems(schedule, catalog);
  if (problems.length > 0) return { ok: false, error: describeProblems(problems) };
  const series = new SlotSeries(schedule);
  return {
    ok: true,
    slots: schedule.nextSlotAt === null ? [] : slotsUntilNow(due, series, schedule.nextSlotAt),
    // A schedule that is new, edited or resumed has no next slot yet: it counts from now on.
    nextSlotAt: series.after(now) ?? null,
  };
}

function slotsUntilNow(due: DueSchedule, series: SlotSeries, first: Date): DecidedSlot[] {
  const lateFrom = new Date(due.now.getTime() - LATE_MS);
  const onTime = slotsBetween(series, first, lateFrom, due.now).map((slotAt) => toRun(slotAt, 'slot'));
  const missed = first < lateFrom ? catchUp(due.schedule, series, first, lateFrom, onTime.length > 0) : [];
  return withoutOverlap([...missed, ...onTime], due);
}

/** The slots from `from`, or from `first` if that is later, up to and with `to`. */
function slotsBetween(series: SlotSeries, first: Date, from: Date, to: Date): Date[] {
  const slots: Date[] = [];
  let slot = first >= from ? first : series.after(justBefore(from));
  for (; slot !== undefined && slot <= to; slot = series.after(slot)) slots.push(slot);
  return slots;
}

function catchUp(
  schedule: Schedule,
  series: SlotSeries,
  first: Date,
  lateFrom: Date,
  isSlotDueNow: boolean,
): Candidate[] {
  const until = justBefore(lateFrom);
  switch (schedule.catchUp) {
    case 'skip':
      return [stretch(series, first, until)];
    case 'once': {
      if (isSlotDueNow) return [stretch(series, first, until)];
      const latest = series.latest(first, until);
      const made = toRun(latest, 'catch_up');
      return latest > first ? [stretch(series, first, justBefore(latest)), made] : [made];
    }
    case 'all': {
      const slots: Candidate[] = [];
      let slot: Date | undefined = first;
      for (; slot !== undefined && slot <= until && slots.length < schedule.catchUpLimit;) {
        slots.push(toRun(slot, 'catch_up'));
        slot = series.after(slot);
      }
      return slot !== undefined && slot <= until ? [...slots, stretch(series, slot, until)] : slots;
    }
    default:
      return schedule.catchUp satisfies never;
  }
}

/** The missed slots from one up to a time, as one record. */
function stretch(series: SlotSeries, first: Date, until: Date): Candidate {
  let slots = 1;
  let slot = series.after(first);
  for (; slot !== undefined && slot <= until && slots < MAX_COUNTED; slot = series.after(slot)) slots += 1;
  const last = slots > 1 ? `, the last at ${series.latest(first, until).toISOString()}` : '';
  const count = slots === MAX_COUNTED ? `${slots} slots or more` : `${slots} ${slots > 1 ? 'slots' : 'slot'}`;
  return { slotAt: first, cause: 'slot', slots, skipped: `missed: ${count}${last}` };
}

/** Applies the overlap policy to slots in order. Slots that are caught up never overlap each other unless that is allowed. */
function withoutOverlap(candidates: readonly Candidate[], due: DueSchedule): DecidedSlot[] {
  const { overlap } = due.schedule;
  const wasBusy = due.openRuns + due.waitingRuns > 0;
  let isBusy = wasBusy;
  let waiting = due.waitingRuns;
  return candidates.map(({ skipped, ...slot }) => {
    if (skipped !== undefined) return { ...slot, state: 'skipped', reason: skipped };
    if (overlap === 'allow' || !isBusy) {
      isBusy = true;
      return { ...slot, state: 'due', reason: null };
    }
    const standsInLine = slot.cause === 'catch_up' && !(overlap === 'skip' && wasBusy);
    if (standsInLine || (overlap === 'queue' && waiting === 0)) {
      waiting += 1;
      return { ...slot, state: 'waiting', reason: null };
    }
    return { ...slot, state: 'skipped', reason: overlapReason(overlap) };
  });
}

function overlapReason(overlap: OverlapPolicy): string {
  return overlap === 'queue'
    ? 'overlap: another run of it is waiting already'
    : 'overlap: an earlier run of it has not finished';
}

function toRun(slotAt: Date, cause: DecidedSlot['cause']): Candidate {
  return { slotAt, cause, slots: 1 };
}

function justBefore(time: Date): Date {
  return new Date(time.getTime() - 1);
}
