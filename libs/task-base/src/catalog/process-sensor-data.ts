import { SensorBatchJob } from '@bus/payload-schemas';
import { defineTask } from '../tasks/define-task.ts';

/** Stores a batch of sensor readings with one insert and raises a fire alert for smoke. */
export const PROCESS_SENSOR_DATA = defineTask({
  name: 'process_sensor_data',
  queue: 'external_api',
  priority: 6,
  params: SensorBatchJob,
});
