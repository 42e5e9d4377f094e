import type { Report } from '../output/report.ts';
import { table } from '../output/table.ts';
import { duration } from '../output/words.ts';
import type { Session } from '../session/session.ts';

export async function registeredTasks(session: Session): Promise<Report> {
  const [catalog, admin] = await Promise.all([session.catalog(), session.queues()]);
  const workers = await admin.workers();
  const tasks = catalog
    .map(({ name, queue, priority, retry, softLimitMs, hardLimitMs }) => ({
      name,
      queue,
      priority,
      retries: retry.retries,
      softLimitMs,
      hardLimitMs,
      workers: workers.filter((worker) => worker.queue === queue).length,
    }))
    .toSorted((one, other) => one.name.localeCompare(other.name));
  return {
    data: { tasks },
    text: (screen) =>
      table(
        screen,
        [
          { title: 'task', shrinks: 'id' },
          { title: 'queue' },
          { title: 'prio', align: 'right' },
          { title: 'retries', align: 'right' },
          { title: 'soft', align: 'right' },
          { title: 'hard', align: 'right' },
          { title: 'workers', align: 'right' },
        ],
        tasks.map((task) => [
          task.name,
          task.queue,
          task.priority,
          task.retries,
          duration(task.softLimitMs / 1_000),
          duration(task.hardLimitMs / 1_000),
          { text: task.workers, style: task.workers === 0 ? 'bad' : undefined },
        ]),
      ),
  };
}
