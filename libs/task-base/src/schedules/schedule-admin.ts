import { TASK_CATALOG } from '../catalog/task-catalog.ts';
import type { TaskDefinition } from '../tasks/define-task.ts';
import { paramsProblems, scheduleProblems, shapeProblems } from './check-schedule.ts';
import {
  ScheduleChangedError,
  ScheduleInvalidError,
  ScheduleNameTakenError,
  ScheduleNotFoundError,
} from './schedule.errors.ts';
import type { Schedule, ScheduleDefinition, ScheduleRun } from './schedule.ts';
import type { ScheduleRunStore, ScheduleStore } from './schedule-store.ts';
import { SlotSeries, timingProblems } from './slot-series.ts';

/** A new schedule: a name, a task and `cron` or `everySeconds`; everything else has a default. */
export interface NewSchedule
  extends
    Pick<ScheduleDefinition, 'name' | 'taskName'>,
    Partial<Omit<ScheduleDefinition, 'name' | 'taskName'>> {
  /** Who adds it, for the people who find it later. */
  readonly createdBy?: string;
}

const DEFAULTS = {
  params: {},
  cron: null,
  everySeconds: null,
  timeZone: 'UTC',
  enabled: true,
  catchUp: 'once',
  catchUpLimit: 100,
  overlap: 'skip',
  jitterSeconds: 0,
  startsAt: null,
  endsAt: null,
} as const satisfies Partial<ScheduleDefinition>;

/**
 * Works with schedules by name, from any process with the store: schedulers take up every change at their next look, within
 * about a second. What is written here is checked first; what is written with SQL is checked at its slot.
 */
export class ScheduleAdmin {
  private readonly store: ScheduleStore;
  private readonly runs: ScheduleRunStore;
  private readonly catalog: readonly TaskDefinition[];

  constructor(
    store: ScheduleStore,
    runs: ScheduleRunStore,
    catalog: readonly TaskDefinition[] = TASK_CATALOG,
  ) {
    this.store = store;
    this.runs = runs;
    this.catalog = catalog;
  }

  /** All schedules by name. */
  list(): Promise<Schedule[]> {
    return this.store.list();
  }

  /** @throws ScheduleNotFoundError */
  async get(name: string): Promise<Schedule> {
    const schedule = await this.store.find(name);
    if (schedule === undefined) throw new ScheduleNotFoundError(name);
    return schedule;
  }

  /** The latest runs, newest slot first. @throws ScheduleNotFoundError */
  async history(name: string, limit = 20): Promise<ScheduleRun[]> {
    return this.runs.list((await this.get(name)).scheduleId, limit);
  }

  /** The next slots after `from`, by timing alone: paused or not. Empty when the timing cannot work. */
  upcoming(schedule: Schedule, count = 5, from: Date = new Date()): Date[] {
    if (timingProblems(schedule).length > 0) return [];
    const series = new SlotSeries(schedule);
    const slots: Date[] = [];
    let slot = series.after(from);
    while (slot !== undefined && slots.length < count) {
      slots.push(slot);
      slot = series.after(slot);
    }
    return slots;
  }

  /** @throws ScheduleInvalidError, ScheduleNameTakenError */
  async add({ createdBy, ...draft }: NewSchedule): Promise<Schedule> {
    const definition: ScheduleDefinition = { ...DEFAULTS, ...given(draft) };
    this.check(definition);
    const schedule = await this.store.add(definition, createdBy ?? null);
    if (schedule === undefined) throw new ScheduleNameTakenError(definition.name);
    return schedule;
  }

  /**
   * Changes the given fields. `cron` takes the place of `everySeconds` and the other way round. A changed timing counts from
   * now on; runs decided before keep their parameters.
   *
   * @throws ScheduleNotFoundError, ScheduleInvalidError, ScheduleChangedError
   */
  async set(name: string, changes: Partial<Omit<ScheduleDefinition, 'name'>>): Promise<Schedule> {
    const schedule = await this.get(name);
    const whole = withOneTiming(given(changes));
    this.check({ ...schedule, ...whole });
    return this.change(schedule, whole);
  }

  /** No further slots until `resume`. Runs in Redis go on; one that waits for another is skipped. Safe to repeat. */
  async pause(name: string): Promise<Schedule> {
    return this.change(await this.get(name), { enabled: false });
  }

  /** Slots again, from now on: those of the pause are not caught up. Safe to repeat. */
  async resume(name: string): Promise<Schedule> {
    return this.change(await this.get(name), { enabled: true });
  }

  /**
   * One run outside the slots, taken up by the next scheduler that looks, paused or not, and whatever else of it runs.
   * `params` take the place of the schedule's, this once.
   *
   * @throws ScheduleNotFoundError, ScheduleInvalidError when task or parameters cannot work
   */
  async run(name: string, { params }: { readonly params?: unknown } = {}): Promise<ScheduleRun> {
    const schedule = await this.get(name);
    const { taskName } = schedule;
    const task = this.catalog.find((candidate) => candidate.name === taskName);
    const problems =
      task === undefined
        ? scheduleProblems(schedule, this.catalog).filter(({ field }) => field === 'task_name')
        : paramsProblems(task, params ?? schedule.params);
    if (problems.length > 0) throw new ScheduleInvalidError(name, problems);
    return this.runs.addManual(schedule.scheduleId, taskName, params ?? schedule.params);
  }

  /** Takes its history along; runs in Redis go on. @throws ScheduleNotFoundError */
  async delete(name: string): Promise<void> {
    if (!(await this.store.remove(name))) throw new ScheduleNotFoundError(name);
  }

  private check(definition: ScheduleDefinition): void {
    const problems = [...shapeProblems(definition), ...scheduleProblems(definition, this.catalog)];
    if (problems.length > 0) throw new ScheduleInvalidError(definition.name, problems);
  }

  private async change(schedule: Schedule, changes: Partial<ScheduleDefinition>): Promise<Schedule> {
    const changed = await this.store.change(schedule.scheduleId, schedule.version, changes);
    if (changed === undefined) throw new ScheduleChangedError(schedule.name);
    return changed;
  }
}

/** Without the fields that are there but say nothing. */
function given<T extends object>(fields: T): T {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as T;
}

function withOneTiming(changes: Partial<ScheduleDefinition>): Partial<ScheduleDefinition> {
  if (typeof changes.cron === 'string') return { everySeconds: null, ...changes };
  if (typeof changes.everySeconds === 'number') return { cron: null, ...changes };
  return changes;
}
