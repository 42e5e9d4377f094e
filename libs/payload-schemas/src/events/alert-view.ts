import { ALERT_SEVERITIES, GeoPoint, MAX_ALERT_MESSAGE_LENGTH } from '../inbound/device-alert.payload.ts';
import type { AlertSeverity } from '../inbound/device-alert.payload.ts';
import { MAX_MESSAGE_ID_LENGTH } from '../inbound/segment.ts';
import { AlertId, Flag, Id, IntegerFrom, Nested, OneOf, Text, WireTime } from '../rules/rules.ts';

/** Where an alert stands. `resolved` and `false_alarm` are ends. */
export const ALERT_STATUSES = ['new', 'acknowledged', 'resolved', 'false_alarm'] as const;
export type AlertStatus = (typeof ALERT_STATUSES)[number];

/** An alert as browsers and HTTP clients see it. A field that is not known is null, never missing. */
export class AlertView {
  @AlertId() alert_id!: number;
  @Text(MAX_MESSAGE_ID_LENGTH) message_id!: string;
  @Text(64) alert_type!: string;
  @OneOf(ALERT_SEVERITIES) severity!: AlertSeverity;
  @Text(MAX_ALERT_MESSAGE_LENGTH) message!: string;
  @Text(64) source_id!: string;
  /** Null when no registered device has this source id. */
  @Id({ optional: true }) device_id!: number | null;
  @Id({ optional: true }) client_id!: number | null;
  @Text(256, { optional: true }) client_name!: string | null;
  @Id({ optional: true }) tenant_id!: number | null;
  @Nested(() => GeoPoint, { optional: true }) location!: GeoPoint | null;
  @OneOf(ALERT_STATUSES) status!: AlertStatus;
  @Flag() clock_suspect!: boolean;
  @WireTime({ optional: true }) device_time!: string | null;
  @WireTime() received_at!: string;
  @WireTime() stored_at!: string;
  /** User name. */
  @Text(256, { optional: true }) acknowledged_by!: string | null;
  @WireTime({ optional: true }) acknowledged_at!: string | null;
  /** User name. */
  @Text(256, { optional: true }) resolved_by!: string | null;
  @WireTime({ optional: true }) resolved_at!: string | null;
  @Text(2000, { optional: true, minLength: 0 }) note!: string | null;
  /** Raised by one with every change: of two views of an alert, the higher is the newer. */
  @IntegerFrom(1, 2_147_483_647) version!: number;
}
