import { createHash } from 'node:crypto';
import type { DeviceAlertJob, SensorEntry } from '@bus/payload-schemas';
import { MAX_MESSAGE_ID_LENGTH } from '@bus/payload-schemas';

/** Above this a smoke reading is a fire. */
const SMOKE_LIMIT = 100;

/** Whether a reading means fire. */
export function isSmoke({ type, value }: SensorEntry): boolean {
  return type.toLowerCase() === 'smoke' && typeof value === 'number' && value > SMOKE_LIMIT;
}

/** The alert a smoke reading raises. Its message id follows from the reading's, so a repeated reading repeats the same alert. */
export function fireAlertOf(reading: SensorEntry): DeviceAlertJob {
  const { source_id, device_time, received_at, clock_suspect, raw } = reading;
  return {
    message_id: fireMessageId(reading.message_id),
    topic: `sensor/${source_id}/status`,
    source_id,
    alert_type: 'fire',
    severity: 'critical',
    message: `Smoke at ${String(reading.value)}, above the limit of ${SMOKE_LIMIT}`,
    location: null,
    device_time,
    received_at,
    clock_suspect,
    raw,
  };
}

function fireMessageId(messageId: string): string {
  const derived = `smoke-${messageId}`;
  if (derived.length <= MAX_MESSAGE_ID_LENGTH) return derived;
  return `smoke-${createHash('sha256').update(messageId).digest('hex')}`;
}
