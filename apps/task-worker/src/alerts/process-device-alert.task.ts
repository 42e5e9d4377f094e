import { Coalescer } from '@bus/platform';
import type { GroupBroadcast } from '@bus/channel-layer';
import type { DeviceAlertJob } from '@bus/payload-schemas';
import { BroadcastTask, PROCESS_DEVICE_ALERT, Task } from '@bus/task-base';
import type { TaskContext } from '@bus/task-base';
import { alertBroadcasts } from './alert-broadcasts.ts';
import { AlertConfirmations } from './alert-confirmations.ts';
import { AlertStore } from './alert-store.ts';

/** Each alert is up to four broadcasts; more in one pipeline would hold up the first of them. */
const ALERTS_PER_PIPELINE = 50;

/**
 * Stores an alert, shows it, confirms it to its device, in this order. It is shown once it is committed, and confirmed once it is on
 * disk as well: the operators need not wait for a disk, the device must. Alerts enqueued one after the other are stored and shown in
 * that order, however many run side by side.
 *
 * Shown once: the job that inserted the row shows it; a redelivery of that job shows it again under the same event id, which the
 * channel layer drops if the first one got through. A later job for the same alert (a device that asks again) only confirms.
 */
@Task(PROCESS_DEVICE_ALERT)
export class ProcessDeviceAlert extends BroadcastTask<DeviceAlertJob, { alert_id: number }> {
  private readonly screens = new Coalescer<GroupBroadcast[], void>((alerts) => this.send(alerts), {
    maxBatch: ALERTS_PER_PIPELINE,
  });

  constructor(
    private readonly store: AlertStore,
    private readonly confirmations: AlertConfirmations,
  ) {
    super();
  }

  async run(alert: DeviceAlertJob, ctx: TaskContext): Promise<{ alert_id: number }> {
    const { row, device, inserted } = await this.store.put(alert);
    const isToShow = inserted || ctx.isRedelivery;
    const shown = isToShow
      ? this.show(alertBroadcasts(row, device?.supervisorUserId ?? null), ctx)
      : undefined;
    await Promise.all([shown, this.store.durable()]);
    this.confirmations.send(alert, row.stored_at);
    return { alert_id: row.alert_id };
  }

  /** Never rejects: what the channel layer cannot hand over now it keeps, and the alert is stored already. */
  private show(broadcasts: GroupBroadcast[], { jobId: taskId, taskName }: TaskContext): Promise<void> {
    return this.screens.submit(broadcasts.map((broadcast) => ({ ...broadcast, taskId, taskName })));
  }

  /** The operations centre hears first; what is sent for the others would hold it up in Redis. */
  private async send(alerts: GroupBroadcast[][]): Promise<void[]> {
    await this.broadcastMany(alerts.flatMap((broadcasts) => broadcasts.slice(0, 1)));
    await this.broadcastMany(alerts.flatMap((broadcasts) => broadcasts.slice(1)));
    return alerts.map(() => undefined);
  }
}
