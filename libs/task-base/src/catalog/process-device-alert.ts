import { DeviceAlertJob } from '@bus/payload-schemas';
import { defineTask } from '../tasks/define-task.ts';

/** Stores one alert, shows it and confirms it to its device. Enqueue it with `deviceAlertJobId`. */
export const PROCESS_DEVICE_ALERT = defineTask({
  name: 'process_device_alert',
  queue: 'critical',
  priority: 10,
  params: DeviceAlertJob,
  retry: { retries: 5, backoffMs: 10_000, maxBackoffMs: 600_000 },
  softLimitMs: 180_000,
  hardLimitMs: 360_000,
  // A device sends again because our confirmation got lost: only another run confirms it again.
  sentAgain: 'run-again',
});

/**
 * The `jobId` of an alert: its identity in the store, so that a redelivery, a resend and a second ingest replica all meet the
 * same job. A source holds no '.', so two alerts never share one.
 */
export function deviceAlertJobId(alert: Pick<DeviceAlertJob, 'source_id' | 'message_id'>): string {
  return `${alert.source_id}.${alert.message_id}`;
}
