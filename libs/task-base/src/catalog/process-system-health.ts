import { SystemHealthBatchJob } from '@bus/payload-schemas';
import { defineTask } from '../tasks/define-task.ts';

/** Stores a batch of health reports with one insert; reports already there are ignored. */
export const PROCESS_SYSTEM_HEALTH = defineTask({
  name: 'process_system_health',
  queue: 'maintenance',
  priority: 2,
  params: SystemHealthBatchJob,
});
