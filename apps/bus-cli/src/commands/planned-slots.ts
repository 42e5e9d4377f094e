import type { Schedule } from '@bus/task-base';
import { describeError } from '../describe-error.ts';
import { paint, type Screen } from '../output/screen.ts';
import { table } from '../output/table.ts';
import { duration, moment } from '../output/words.ts';
import type { Session } from '../session/session.ts';
import { paramsOf, type FilterOptions } from './filters.ts';

/** A job there will be. */
interface PlannedSlot {
  readonly schedule: string;
  readonly taskName: string;
  readonly slotAt: Date;
}

export interface PlannedSlots {
  readonly planned: readonly PlannedSlot[];
  /** Why nothing is known of the schedules. */
  readonly missing?: string;
}

/**
 * The next slot of every schedule, soonest first: what will be enqueued, beside what is. None when the options ask for something
 * only a job has. Postgres is not needed; without it the answer says what is missing.
 */
export async function plannedSlots(session: Session, options: FilterOptions): Promise<PlannedSlots> {
  const asksForJobs = options.correlation !== undefined || Object.keys(paramsOf(options)).length > 0;
  if (asksForJobs) return { planned: [] };
  try {
    const [admin, catalog] = await Promise.all([session.schedules(), session.catalog()]);
    const queueOf = ({ taskName }: Schedule) => catalog.find(({ name }) => name === taskName)?.queue;
    const planned = (await admin.list())
      .filter(({ enabled }) => enabled)
      .filter((one) => options.queue === undefined || queueOf(one) === options.queue)
      .filter((one) => options.task === undefined || one.taskName === options.task)
      .flatMap((one) =>
        admin.upcoming(one, 1).map((slotAt) => ({ schedule: one.name, taskName: one.taskName, slotAt })),
      )
      .toSorted((one, other) => one.slotAt.getTime() - other.slotAt.getTime());
    return { planned: planned.slice(0, options.limit) };
  } catch (error) {
    return { planned: [], missing: `Without the schedules: ${describeError(error).message}` };
  }
}

/** Lines below the table of jobs; none when there is nothing to say. */
export function plannedLines(screen: Screen, { planned, missing }: PlannedSlots): string[] {
  if (missing !== undefined) return ['', paint(screen, 'quiet', missing)];
  if (planned.length === 0) return [];
  const now = Date.now();
  return [
    '',
    table(
      screen,
      [
        { title: 'schedule', shrinks: 'id' },
        { title: 'task', shrinks: 'id' },
        { title: 'next in', align: 'right' },
        { title: 'slot' },
      ],
      planned.map(({ schedule, taskName, slotAt }) => [
        schedule,
        taskName,
        duration(Math.max(0, Math.round((slotAt.getTime() - now) / 1_000))),
        moment(slotAt),
      ]),
    ),
  ];
}
