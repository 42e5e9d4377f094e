import { Injectable, Logger } from '@nestjs/common';
import { ChannelLayer, nocAlertBroadcast } from '@bus/channel-layer';
import { AlertQueries, DeviceRegistry, newAlertView, type AlertToStore } from '@bus/database';
import { Metrics } from '@bus/observability';
import type { DeviceAlertJob } from '@bus/payload-schemas';
import { RepeatedWarning } from '@bus/platform';
import { deviceAlertJobId, PROCESS_DEVICE_ALERT } from '@bus/task-base';
import { BackgroundWork } from '../background-work.ts';

/** More at a time means a flood or a slow Postgres; then the way through the queue is the quicker one for all. */
const MAX_AT_A_TIME = 4;

/**
 * An alert that its device dates to the last ten minutes cannot be one that was shown, answered and forgotten long ago: within an
 * hour, the channel layer drops what was shown before.
 */
const MAX_AGE_MS = 10 * 60_000;

/** How long the way is closed after a failure, and after more came than may go at a time. */
const PAUSE_AFTER_FAILURE_MS = 5_000;
const PAUSE_AFTER_FLOOD_MS = 1_000;

/**
 * The short way of an alert: while its job is on its way, it is stored and, at the same time, shown to the operations centre. The
 * operator need not wait for the queue, and nobody relies on this: the job stores and shows whatever is missing, under the same ids.
 *
 * Only for an alert on its own: in a flood, with Postgres in trouble, or with a time that is missing, old or suspect, the job
 * does everything.
 */
@Injectable()
export class ExpressAlerts {
  private readonly warning = new RepeatedWarning(new Logger(ExpressAlerts.name));
  private readonly work = new BackgroundWork(MAX_AT_A_TIME, 0);
  private closedUntilMs = 0;

  constructor(
    private readonly registry: DeviceRegistry,
    private readonly alerts: AlertQueries,
    private readonly channelLayer: ChannelLayer,
    private readonly metrics: Metrics,
  ) {}

  /**
   * Whether `send` may be called for this alert now. When there is no room, those that follow are not taken either for a
   * second, because they would overtake it.
   */
  canTake(alert: DeviceAlertJob): boolean {
    if (performance.now() < this.closedUntilMs || !isRecent(alert)) return false;
    if (!this.work.hasRoom) this.close(PAUSE_AFTER_FLOOD_MS);
    return this.work.hasRoom;
  }

  /** Returns at once and never fails: what goes wrong is counted, and left to the job. */
  send(alert: DeviceAlertJob): void {
    this.work.start(() => this.storeAndShow(alert));
  }

  /** Resolves when nothing is under way, or after `timeoutMs`. */
  drain(timeoutMs: number): Promise<void> {
    return this.work.drain(timeoutMs);
  }

  private async storeAndShow(alert: DeviceAlertJob): Promise<void> {
    try {
      const devices = await this.registry.lookup([alert.source_id]);
      const row: AlertToStore = { alert, device: devices.get(alert.source_id) ?? null };
      await Promise.all([this.show(row), this.alerts.insertMany([row])]);
      this.count('success');
    } catch (error) {
      this.close(PAUSE_AFTER_FAILURE_MS);
      this.count('failure');
      this.warning.warn('An alert could not be stored ahead of its job; the job will do it.', error as Error);
    }
  }

  /** Its time of storing is not known yet: it is now, give or take the milliseconds until the commit. */
  private show(row: AlertToStore): Promise<boolean> {
    const view = newAlertView(row, new Date().toISOString());
    return this.channelLayer.broadcastToGroup({
      ...nocAlertBroadcast(view),
      taskId: deviceAlertJobId(row.alert),
      taskName: PROCESS_DEVICE_ALERT.name,
    });
  }

  private close(ms: number): void {
    this.closedUntilMs = performance.now() + ms;
  }

  private count(result: 'success' | 'failure'): void {
    this.metrics.counter('bus_alerts_express_total').inc({ result });
  }
}

function isRecent({ device_time, received_at, clock_suspect }: DeviceAlertJob): boolean {
  if (device_time === null || clock_suspect) return false;
  return Date.parse(received_at) - Date.parse(device_time) < MAX_AGE_MS;
}
