import { DeviceTime, Matching, Nested, NumberFrom, OneOf, Text } from '../rules/rules.ts';
import { SEGMENT_PATTERN } from './segment.ts';

/** How urgent an alert is, most urgent first. */
export const ALERT_SEVERITIES = ['critical', 'high', 'medium', 'low', 'info'] as const;
export type AlertSeverity = (typeof ALERT_SEVERITIES)[number];

/** The most characters of an alert's message; a longer one is cut and stays whole in `raw`. */
export const MAX_ALERT_MESSAGE_LENGTH = 2000;

/** A position on the earth. */
export class GeoPoint {
  /** Degrees north. */
  @NumberFrom(-90, 90, 'degrees') lat!: number;
  /** Degrees east. */
  @NumberFrom(-180, 180, 'degrees') lon!: number;
}

/**
 * `alert/{alertType}/{sourceId}`, as a device should write it. A device that does not is still heard: `normaliseAlert`
 * mends every field, and only what is no JSON object at all is refused.
 */
export class DeviceAlertPayload {
  @Matching(SEGMENT_PATTERN, '1 to 64 letters, digits, - or _', { optional: true }) alert_type?:
    string | null;
  @OneOf(ALERT_SEVERITIES, { optional: true }) severity?: AlertSeverity | null;
  @Text(MAX_ALERT_MESSAGE_LENGTH, { optional: true }) message?: string | null;
  @Nested(() => GeoPoint, { optional: true }) location?: GeoPoint | null;
  @DeviceTime({ optional: true }) timestamp?: string | number | null;
}
