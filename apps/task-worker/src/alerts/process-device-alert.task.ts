import { Coalescer } from '@bus/platform';
import {
  DEFAULT_EVENT_ID_TTL_MS,
  nocAlertBroadcast,
  nocAlertUpdate,
  ownerAlertBroadcasts,
  type GroupBroadcast,
} from '@bus/channel-layer';
import type { DeviceAlertJob } from '@bus/payload-schemas';
import { BroadcastTask, PROCESS_DEVICE_ALERT, Task } from '@bus/task-base';
import type { TaskContext } from '@bus/task-base';
import { AlertConfirmations } from './alert-confirmations.ts';
import { AlertStore, type PutAlert } from './alert-store.ts';

/** Each alert is up to four broadcasts; more in one pipeline would hold up the first of them. */
const ALERTS_PER_PIPELINE = 50;

/** An express alert stored later than this was perhaps missing in a list that was read meanwhile. */
const LATE_MS = 1_000;

/**
 * Stores an alert, shows it, confirms it to its device, in this order. It is shown once it is committed, and confirmed once it is on
 * disk as well: the operators need not wait for a disk, the device must. Alerts enqueued one after the other are stored and shown in
 * that order, however many run side by side.
 *
 * Whoever did part of it before (ingest on the short way, a run of this job that died, the job of an earlier message about the
 * same alert): what is missing is done now. Shown once, because showing it again under the same event id is dropped by the
 * channel layer. When a device asks again about an alert that somebody has answered long ago, it is only confirmed.
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
    const put = await this.store.put(alert);
    const { row } = put;
    await Promise.all([this.show(broadcastsOf(alert, put), ctx), this.store.durable()]);
    this.confirmations.send(alert, row.stored_at);
    return { alert_id: row.alert_id };
  }

  /** Never rejects: what the channel layer cannot hand over now it keeps, and the alert is stored already. */
  private async show(broadcasts: GroupBroadcast[], { jobId: taskId, taskName }: TaskContext): Promise<void> {
    if (broadcasts.length === 0) return;
    await this.screens.submit(broadcasts.map((broadcast) => ({ ...broadcast, taskId, taskName })));
  }

  /** The operations centre hears first; what is sent for the others would hold it up in Redis. */
  private async send(alerts: GroupBroadcast[][]): Promise<void[]> {
    await this.broadcastMany(alerts.flatMap((broadcasts) => broadcasts.slice(0, 1)));
    await this.broadcastMany(alerts.flatMap((broadcasts) => broadcasts.slice(1)));
    return alerts.map(() => undefined);
  }
}

function broadcastsOf(alert: DeviceAlertJob, put: PutAlert): GroupBroadcast[] {
  const { row, device } = put;
  if (!isToShow(put)) return [];
  const broadcasts = [nocAlertBroadcast(row), ...ownerAlertBroadcasts(row, device?.supervisorUserId ?? null)];
  // The operations centre may have been shown it long before there was a row.
  const isLate = put.inserted && Date.parse(row.stored_at) - Date.parse(row.received_at) > LATE_MS;
  if (alert.express === true && isLate) broadcasts.push(nocAlertUpdate(row));
  return broadcasts;
}

/** Until the channel layer forgets its event ids, it drops what was shown before. */
function isToShow({ row, inserted }: PutAlert): boolean {
  const ageMs = Date.now() - Date.parse(row.stored_at);
  return inserted || row.status === 'new' || ageMs < DEFAULT_EVENT_ID_TTL_MS;
}
