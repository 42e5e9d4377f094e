import type { Session } from '../session/session.ts';
import { failed, ok, warning, type Finding } from './finding.ts';

/** Whether every queue that has tasks has somebody who runs them. */
export async function checkWorkers(session: Session): Promise<Finding[]> {
  const [{ QUEUE_NAMES, TASK_CATALOG }, admin] = await Promise.all([
    import('@bus/task-base'),
    session.queues(),
  ]);
  const used = QUEUE_NAMES.filter((queue) => TASK_CATALOG.some((task) => task.queue === queue));
  const states = await admin.list(used);
  const alone = states.filter(({ workers }) => workers === 0).map(({ queue }) => queue);
  const paused = states.filter(({ isPaused }) => isPaused).map(({ queue }) => queue);
  return [
    alone.length === 0
      ? ok('every queue with tasks has a worker', used.join(', '))
      : failed(
          'every queue with tasks has a worker',
          `nobody works on ${alone.join(', ')}`,
          'start a task-worker whose TASK_WORKER_QUEUES names them',
        ),
    paused.length === 0
      ? ok('no queue is paused', `${used.length} queues run`)
      : warning('no queue is paused', `paused: ${paused.join(', ')}`, `bus queue resume ${paused.join(' ')}`),
  ];
}
