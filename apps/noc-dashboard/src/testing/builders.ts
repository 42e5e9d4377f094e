import type { AlertView, EventEnvelope } from '../wire/wire-types.ts';

/** A new, sound alert; give what the test is about. */
export function anAlert(change: Partial<AlertView> = {}): AlertView {
  return {
    alert_id: 1,
    message_id: 'message-1',
    alert_type: 'door_forced',
    severity: 'high',
    message: 'Door forced open at loading bay 3',
    source_id: 'edge-7',
    device_id: 7,
    client_id: 3,
    client_name: 'Harbour Logistics',
    tenant_id: 1,
    location: { lat: 53.5, lon: 9.9 },
    status: 'new',
    clock_suspect: false,
    device_time: '2026-01-01T00:00:00.000Z',
    received_at: '2026-01-01T00:00:00.000Z',
    stored_at: '2026-01-01T00:00:00.000Z',
    acknowledged_by: null,
    acknowledged_at: null,
    resolved_by: null,
    resolved_at: null,
    note: null,
    version: 1,
    ...change,
  };
}

/** An event at the given offset of `noc_dashboard`. */
export function anEvent(
  offset: number | string,
  data: Record<string, unknown>,
  change: Partial<EventEnvelope> = {},
): EventEnvelope {
  return {
    type: 'alert_notification',
    data,
    priority: 'normal',
    timestamp: '2026-01-01T00:00:00.000Z',
    group: 'noc_dashboard',
    epoch: 'epoch-1',
    offset: String(offset),
    ...change,
  };
}
