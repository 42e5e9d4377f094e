import type { EventEnvelope, EventType } from '@bus/payload-schemas';

type KeyOf = (data: Record<string, unknown>, envelope: EventEnvelope) => unknown;

/**
 * What may be replaced by a newer one of its kind while a browser is slow, and what makes two of a kind. Null: every
 * single one counts. The full record makes whoever adds an event type decide.
 */
const LATEST_ONLY: Record<EventType, KeyOf | null> = {
  alert_notification: null,
  critical_alert: null,
  alert_updated: null,
  supervisor_alert: null,
  tenant_alert: null,
  system_alert: null,
  task_progress: (data, envelope) =>
    envelope.task_id ?? data['task_id'] ?? envelope.task_name ?? data['task_name'],
  task_complete: null,
  ml_prediction: (data) => data['device_id'] ?? data['source_id'],
  ml_training_complete: null,
  anomaly_detected: null,
  device_status: (data) => data['device_id'] ?? data['source_id'],
  command_updated: null,
};

/**
 * The name under which a slow browser keeps only the newest event, or undefined when the event must be delivered.
 * Critical events, and events that do not say what they are about, must always be delivered.
 */
export function conflationKey(event: string, envelope: EventEnvelope): string | undefined {
  if (envelope.priority === 'critical' || !isEventType(event)) return undefined;
  const key = LATEST_ONLY[event]?.(envelope.data, envelope);
  return typeof key === 'string' || typeof key === 'number'
    ? `${envelope.group}\0${event}\0${key}`
    : undefined;
}

function isEventType(event: string): event is EventType {
  return Object.hasOwn(LATEST_ONLY, event);
}

/** Whether an outgoing argument is a broadcast of the channel layer, not one of the gateway's own notices. */
export function isEnvelope(value: unknown): value is EventEnvelope {
  return (
    typeof value === 'object' &&
    value !== null &&
    typeof (value as Partial<EventEnvelope>).group === 'string' &&
    typeof (value as Partial<EventEnvelope>).data === 'object' &&
    (value as Partial<EventEnvelope>).data !== null
  );
}
