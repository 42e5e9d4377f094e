import type { AlertView } from '@bus/payload-schemas';
import { storableKey, storableText, storableTime } from '../storable-values.ts';
import { alertIdOf } from './alert-id.ts';
import { locationOf, type AlertToStore } from './alert-insert.ts';

/**
 * A new alert as Postgres gives it back: nobody has seen it yet, so all but the time it is stored at is known beforehand.
 * `id` is another one only when its own was taken.
 */
export function newAlertView(
  { alert, device }: AlertToStore,
  storedAt: string,
  id: number = alertIdOf(alert),
): AlertView {
  return {
    alert_id: id,
    message_id: storableKey(alert.message_id),
    alert_type: storableText(alert.alert_type),
    severity: alert.severity,
    message: storableText(alert.message),
    source_id: storableKey(alert.source_id),
    device_id: device?.deviceId ?? null,
    client_id: device?.clientId ?? null,
    client_name: device?.clientName ?? null,
    tenant_id: device?.tenantId ?? null,
    location: locationOf(alert),
    status: 'new',
    clock_suspect: alert.clock_suspect,
    device_time: storableTime(alert.device_time),
    received_at: storableTime(alert.received_at) ?? storedAt,
    stored_at: storedAt,
    acknowledged_by: null,
    acknowledged_at: null,
    resolved_by: null,
    resolved_at: null,
    note: null,
    version: 1,
  };
}
