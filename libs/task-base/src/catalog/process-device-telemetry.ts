import { DeviceTelemetryBatchJob } from '@bus/payload-schemas';
import { defineTask } from '../tasks/define-task.ts';

/** Stores a batch of device readings with one insert; readings already there are ignored. */
export const PROCESS_DEVICE_TELEMETRY = defineTask({
  name: 'process_device_telemetry',
  queue: 'external_api',
  priority: 5,
  params: DeviceTelemetryBatchJob,
});
