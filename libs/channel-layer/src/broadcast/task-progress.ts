import type { TaskProgressData } from '@bus/payload-schemas';
import type { TaskProgressBroadcast } from './broadcast.ts';

/** Body of the `task_progress` event. */
export function taskProgressData(broadcast: TaskProgressBroadcast): TaskProgressData {
  return {
    task_name: broadcast.taskName,
    task_id: broadcast.taskId ?? null,
    progress: clampPercent(broadcast.progress),
    status: broadcast.status ?? 'running',
    message: broadcast.message ?? null,
  };
}

/** 0..100; not a number is 0, because a bar must show something. */
export function clampPercent(value: number): number {
  return Number.isNaN(value) ? 0 : Math.min(100, Math.max(0, value));
}
