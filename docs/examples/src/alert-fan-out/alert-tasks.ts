import { defineTask } from '@bus/task-base';
import { FanOutAlertJob, NotifyGuardJob } from './fan-out-alert.job.ts';

/** Tells everyone who must know of an alert. Each of them hears of it once, however often this runs. */
export const FAN_OUT_ALERT = defineTask({
  name: 'fan_out_alert',
  queue: 'critical',
  params: FanOutAlertJob,
  retry: { retries: 5, backoffMs: 10_000, maxBackoffMs: 600_000 },
});

/** Sends one guard to one alert. */
export const NOTIFY_GUARD = defineTask({
  name: 'notify_guard',
  queue: 'high_priority',
  params: NotifyGuardJob,
});
