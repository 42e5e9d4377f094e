import type { DeviceAlertJob } from '@bus/payload-schemas';
import { PROCESS_DEVICE_ALERT, deviceAlertJobId } from '@bus/task-base';
import type { TaskClient } from '@bus/task-base';

/** By entry or by name; the same id both times, so this is one job. */
export async function raise(tasks: TaskClient, alert: DeviceAlertJob): Promise<void> {
  const jobId = deviceAlertJobId(alert);
  await tasks.enqueue(PROCESS_DEVICE_ALERT, alert, { jobId });
  await tasks.enqueueByName('process_device_alert', alert, { jobId });
}

/** What the compiler does not let pass. */
export async function mistakes(tasks: TaskClient, alert: DeviceAlertJob): Promise<void> {
  // @ts-expect-error no task has that name
  await tasks.enqueueByName('process_device_alarm', alert);
  // @ts-expect-error an alert is more than its text
  await tasks.enqueue(PROCESS_DEVICE_ALERT, { message: 'Help' });
}
