import { GuardGpsBatchJob } from '@bus/payload-schemas';
import { defineTask } from '../tasks/define-task.ts';

/** Stores a batch of guard positions with one insert; positions already there are ignored. */
export const PROCESS_GUARD_GPS = defineTask({
  name: 'process_guard_gps',
  queue: 'high_priority',
  priority: 8,
  params: GuardGpsBatchJob,
});
