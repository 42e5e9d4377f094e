import { isPlainObject, mapSensitive, validatePayload } from '@bus/payload-schemas';
import type { TaskDefinition } from '../tasks/define-task.ts';
import type { ScheduleProblem } from './schedule.errors.ts';
import { CATCH_UP_POLICIES, OVERLAP_POLICIES } from './schedule.ts';
import type { ScheduleDefinition } from './schedule.ts';
import { timingProblems } from './slot-series.ts';

const NAME = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,99}$/;
const MAX_CATCH_UP = 1_000;
const YEAR_SECONDS = 366 * 86_400;
const DAY_SECONDS = 86_400;

/**
 * Everything that keeps a schedule from working: its timing, its task and the parameters it would give it. Asked when a
 * schedule is written, and again at each slot, because the table can be edited and tasks change.
 */
export function scheduleProblems(
  schedule: ScheduleDefinition,
  catalog: readonly TaskDefinition[],
): ScheduleProblem[] {
  return [...timingProblems(schedule), ...taskProblems(schedule, catalog)];
}

/** What the table would refuse, told before it does and by the name of the field. */
export function shapeProblems(schedule: ScheduleDefinition): ScheduleProblem[] {
  const problems: ScheduleProblem[] = [];
  const check = (isSound: boolean, field: string, reason: string): void => {
    if (!isSound) problems.push({ field, reason });
  };
  const { startsAt, endsAt, everySeconds } = schedule;
  check(NAME.test(schedule.name), 'name', 'must be 1 to 100 letters, digits, _ . -, the first no sign');
  check(everySeconds === null || everySeconds <= YEAR_SECONDS, 'every_seconds', 'must be at most a year');
  check(isOneOf(CATCH_UP_POLICIES, schedule.catchUp), 'catch_up', `must be ${CATCH_UP_POLICIES.join(', ')}`);
  check(isOneOf(OVERLAP_POLICIES, schedule.overlap), 'overlap', `must be ${OVERLAP_POLICIES.join(', ')}`);
  check(isWhole(schedule.catchUpLimit, 1, MAX_CATCH_UP), 'catch_up_limit', `must be 1 to ${MAX_CATCH_UP}`);
  check(isWhole(schedule.jitterSeconds, 0, DAY_SECONDS), 'jitter_seconds', `must be 0 to ${DAY_SECONDS}`);
  check(isTime(startsAt), 'starts_at', 'is no time');
  check(isTime(endsAt), 'ends_at', 'is no time');
  check(startsAt === null || endsAt === null || startsAt < endsAt, 'ends_at', 'must be after starts_at');
  return problems;
}

/** Problems as one line, field by field. */
export function describeProblems(problems: readonly ScheduleProblem[]): string {
  return problems.map(({ field, reason }) => `${field} ${reason}`).join('; ');
}

/**
 * The parameters as a task's class sees them, and as Postgres would keep them; for runs whose parameters differ from the
 * schedule's.
 */
export function paramsProblems(task: TaskDefinition, params: unknown): ScheduleProblem[] {
  const validation = validatePayload(task.params, params);
  const problems = validation.ok ? [] : validation.problems;
  return [...problems, ...openSecrets(task, params)].map(({ field, reason }) => ({
    field: `params.${field}`,
    reason,
  }));
}

function openSecrets(task: TaskDefinition, params: unknown): ScheduleProblem[] {
  if (!isPlainObject(params)) return [];
  const problems: ScheduleProblem[] = [];
  mapSensitive(task.params, params, (_value, field) => {
    problems.push({ field, reason: 'is marked sensitive; a schedule keeps its parameters in plain text' });
    return undefined;
  });
  return problems;
}

function taskProblems(
  { taskName, params }: Pick<ScheduleDefinition, 'taskName' | 'params'>,
  catalog: readonly TaskDefinition[],
): ScheduleProblem[] {
  const task = catalog.find(({ name }) => name === taskName);
  if (task === undefined) {
    return [{ field: 'task_name', reason: `'${taskName}' is not in the catalog of this program` }];
  }
  return paramsProblems(task, params);
}

function isOneOf(known: readonly string[], value: string): boolean {
  return known.includes(value);
}

function isWhole(value: number, from: number, to: number): boolean {
  return Number.isInteger(value) && value >= from && value <= to;
}

function isTime(value: Date | null): boolean {
  return value === null || !Number.isNaN(value.getTime());
}
