import type { Schedule, ScheduleAdmin } from '@bus/task-base';
import { NotFoundError, UsageError } from '../cli.errors.ts';
import type { Session } from '../session/session.ts';
import type { ShownSchedule } from './schedule-tables.ts';
import { suggestion } from './task-named.ts';

const SLOTS_SHOWN = 5;

/**
 * Asks something of the schedules.
 *
 * @throws UsageError with every field that cannot work, so that one correction is enough; NotFoundError that suggests a name
 */
export async function askedOf<T>(session: Session, ask: (admin: ScheduleAdmin) => Promise<T>): Promise<T> {
  const [admin, { ScheduleInvalidError, ScheduleNotFoundError }] = await Promise.all([
    session.schedules(),
    import('@bus/task-base'),
  ]);
  try {
    return await ask(admin);
  } catch (error) {
    if (error instanceof ScheduleInvalidError) {
      const problems = error.problems.map(({ field, reason }) => `  ${field}: ${reason}`);
      throw new UsageError(
        `The schedule cannot work like this; nothing was changed:\n${problems.join('\n')}`,
      );
    }
    if (error instanceof ScheduleNotFoundError) {
      const names = (await admin.list()).map(({ name }) => name);
      throw new NotFoundError(
        `There is no schedule '${error.scheduleName}'.`,
        suggestion(error.scheduleName, names),
      );
    }
    throw error;
  }
}

/** With its next slots, and without the secrets among its parameters. */
export async function shownSchedule(
  session: Session,
  schedule: Schedule,
  count = SLOTS_SHOWN,
): Promise<ShownSchedule> {
  const [{ shownParams }, admin, catalog] = await Promise.all([
    import('@bus/task-base'),
    session.schedules(),
    session.catalog(),
  ]);
  return {
    ...schedule,
    params: shownParams(schedule.taskName, schedule.params, catalog),
    nextSlots: admin.upcoming(schedule, count),
  };
}
