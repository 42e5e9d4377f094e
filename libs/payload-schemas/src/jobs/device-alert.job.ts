import { ALERT_SEVERITIES, GeoPoint, MAX_ALERT_MESSAGE_LENGTH } from '../inbound/device-alert.payload.ts';
import type { AlertSeverity } from '../inbound/device-alert.payload.ts';
import { MAX_MESSAGE_ID_LENGTH, SEGMENT_PATTERN } from '../inbound/segment.ts';
import { Flag, JsonObject, Matching, Nested, OneOf, Text, WireTime } from '../rules/rules.ts';
import { JOB_LIMITS } from '../validation/message-limits.ts';

/** Parameters of `process_device_alert`: one alert, complete, whatever the device left out. */
export class DeviceAlertJob {
  static readonly limits = JOB_LIMITS;
  /** Unique per source, not across sources: the identity of an alert is (source_id, message_id). */
  @Text(MAX_MESSAGE_ID_LENGTH) message_id!: string;
  @Text(256) topic!: string;
  @Matching(SEGMENT_PATTERN, 'a topic segment') source_id!: string;
  @Matching(SEGMENT_PATTERN, 'a topic segment') alert_type!: string;
  @OneOf(ALERT_SEVERITIES) severity!: AlertSeverity;
  @Text(MAX_ALERT_MESSAGE_LENGTH) message!: string;
  @Nested(() => GeoPoint, { optional: true }) location!: GeoPoint | null;
  /** Null when the device gave no usable time; then `received_at` is the only one. */
  @WireTime({ optional: true }) device_time!: string | null;
  @WireTime() received_at!: string;
  @Flag() clock_suspect!: boolean;
  /** True when ingest also stores it and shows it to the operations centre while the job is on its way. */
  @Flag({ optional: true }) express?: boolean | null;
  /** What the device sent, within the payload limits. */
  @JsonObject() raw!: Record<string, unknown>;
}
