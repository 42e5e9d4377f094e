import { counted } from '../output/words.ts';
import type { Session } from '../session/session.ts';
import { ok, skipped, warning, type Finding } from './finding.ts';

/** Whether every schedule that is on can work. */
export async function checkSchedules(session: Session): Promise<Finding[]> {
  const { settings } = await session.addresses();
  const check = 'every schedule can work';
  if (settings['DATABASE_URL'] === undefined) return [skipped(check, 'DATABASE_URL is not given')];
  const schedules = await (await session.scheduleTable()).list();
  const failing = schedules.filter(({ enabled, lastError }) => enabled && lastError !== null);
  if (failing.length === 0) {
    return [ok(check, schedules.length === 0 ? 'there are none' : counted(schedules.length, 'schedule'))];
  }
  return failing.map(({ name, lastError }) =>
    warning(
      `schedule ${name}`,
      lastError ?? '',
      `mend it: bus schedule show ${name}, bus schedule set ${name} …`,
    ),
  );
}
