import { Injectable } from '@nestjs/common';
import { Metrics } from '@bus/observability';
import type { DeviceAlertJob, DownlinkAck } from '@bus/payload-schemas';
import { downlinkTopic } from '@bus/topic-whitelist';
import { Downlink } from '../downlink/downlink.ts';

/**
 * Tells a device on `downlink/{sourceId}/ack` that its alert is stored. Never waits and never fails: a confirmation that does not
 * arrive is asked for again, because the device sends the alert again until it has one.
 */
@Injectable()
export class AlertConfirmations {
  constructor(
    private readonly downlink: Downlink,
    private readonly metrics: Metrics,
  ) {}

  send(alert: DeviceAlertJob, storedAt: string): void {
    const ack: DownlinkAck = { message_id: alert.message_id, topic: alert.topic, stored_at: storedAt };
    this.downlink.send('ack', downlinkTopic(alert.source_id, 'ack'), ack, () => {
      const seconds = (Date.now() - Date.parse(alert.received_at)) / 1_000;
      this.metrics.histogram('bus_mqtt_app_ack_seconds').observe(Math.max(0, seconds));
    });
  }
}
