import type { ConnectedWorker } from '@bus/task-base';
import type { Report } from '../output/report.ts';
import { paint } from '../output/screen.ts';
import { table } from '../output/table.ts';
import { duration } from '../output/words.ts';
import type { Session } from '../session/session.ts';

/** One process with its queues, as its connections to Redis show it. */
interface WorkerProcess {
  readonly instance: string;
  readonly queues: readonly string[];
  readonly connectedSeconds: number;
}

export async function activeQueues(session: Session): Promise<Report> {
  const [{ QUEUE_NAMES }, admin] = await Promise.all([import('@bus/task-base'), session.queues()]);
  const workers = await admin.workers();
  const processes = processesOf(workers);
  const unattended = QUEUE_NAMES.filter((queue) => !workers.some((worker) => worker.queue === queue));
  return {
    data: { processes, unattended },
    text: (screen) =>
      [
        table(
          screen,
          [
            { title: 'worker', shrinks: 'text' },
            { title: 'connected', align: 'right' },
            { title: 'queues', shrinks: 'text' },
          ],
          processes.map(({ instance, connectedSeconds, queues }) => [
            instance || '(without a name)',
            duration(connectedSeconds),
            queues.join(', '),
          ]),
        ),
        ...(unattended.length === 0
          ? []
          : [paint(screen, 'quiet', `Nobody works on: ${unattended.join(', ')}`)]),
      ].join('\n'),
  };
}

function processesOf(workers: readonly ConnectedWorker[]): WorkerProcess[] {
  const instances = [...new Set(workers.map(({ instance }) => instance))].toSorted();
  return instances.map((instance) => {
    const own = workers.filter((worker) => worker.instance === instance);
    return {
      instance,
      queues: [...new Set(own.map(({ queue }) => queue))],
      connectedSeconds: Math.max(...own.map(({ connectedSeconds }) => connectedSeconds)),
    };
  });
}
