import type { DeviceAlertJob } from '../jobs/device-alert.job.ts';
import { isPlainObject } from '../rules/rules.ts';
import { isTimestampSuspect, parseDeviceTime } from '../time/device-time.ts';
import { PAYLOAD_LIMITS } from '../validation/message-limits.ts';
import { boundedCopy, storableText } from '../validation/payload-guards.ts';
import { ALERT_SEVERITIES, MAX_ALERT_MESSAGE_LENGTH } from './device-alert.payload.ts';
import type { AlertSeverity, GeoPoint } from './device-alert.payload.ts';
import { SEGMENT_PATTERN } from './segment.ts';

/** What is taken when a device does not say, or says something unknown: urgent enough to be looked at by a person. */
export const DEFAULT_ALERT_SEVERITY: AlertSeverity = 'high';

/** Where an alert came from, as the broker and the clock of this process know it. */
export interface AlertArrival {
  readonly topic: string;
  readonly topicAlertType: string;
  readonly sourceId: string;
  readonly messageId: string;
  readonly receivedAt: Date;
}

/**
 * The alert as it is stored and shown, whatever state the payload is in; null only when it is no JSON object. A side
 * field that cannot be used never costs the alert:
 * - severity: any case; missing or unknown becomes `high`;
 * - alert_type: missing or not a topic segment, the topic's;
 * - message: missing, a sentence made of type and source; too long, cut;
 * - location: null unless lat and lon are both there and on the earth;
 * - timestamp: missing, `device_time` null; no time, `device_time` null and `clock_suspect` true.
 * `raw` keeps what came, cut to the payload limits. The result always passes `DeviceAlertJob`.
 */
export function normaliseAlert(plain: unknown, arrival: AlertArrival): DeviceAlertJob | null {
  if (!isPlainObject(plain)) return null;
  const alertType = readAlertType(plain['alert_type']) ?? arrival.topicAlertType;
  const deviceTime = parseDeviceTime(plain['timestamp']);
  return {
    message_id: arrival.messageId,
    topic: arrival.topic,
    source_id: arrival.sourceId,
    alert_type: alertType,
    severity: readSeverity(plain['severity']),
    message: readMessage(plain['message']) ?? `${alertType} alert from ${arrival.sourceId}`,
    location: readLocation(plain['location']),
    device_time: deviceTime?.toISOString() ?? null,
    received_at: arrival.receivedAt.toISOString(),
    clock_suspect: isTimestampSuspect(plain['timestamp'], arrival.receivedAt),
    raw: boundedCopy(plain, PAYLOAD_LIMITS).value as Record<string, unknown>,
  };
}

function readAlertType(value: unknown): string | null {
  return typeof value === 'string' && SEGMENT_PATTERN.test(value) ? value : null;
}

function readSeverity(value: unknown): AlertSeverity {
  // The bound keeps a megabyte of text from being lower-cased only to be unknown.
  if (typeof value !== 'string' || value.length > 32) return DEFAULT_ALERT_SEVERITY;
  const word = value.trim().toLowerCase();
  return ALERT_SEVERITIES.find((severity) => severity === word) ?? DEFAULT_ALERT_SEVERITY;
}

function readMessage(value: unknown): string | null {
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (typeof value !== 'string') return null;
  // Cut before it is repaired, so that a surrogate pair cut in half is repaired too.
  const text = storableText(value.slice(0, MAX_ALERT_MESSAGE_LENGTH));
  return text.trim() === '' ? null : text;
}

function readLocation(value: unknown): GeoPoint | null {
  if (!isPlainObject(value)) return null;
  const { lat, lon } = value;
  if (typeof lat !== 'number' || typeof lon !== 'number') return null;
  return Math.abs(lat) <= 90 && Math.abs(lon) <= 180 ? { lat, lon } : null;
}
