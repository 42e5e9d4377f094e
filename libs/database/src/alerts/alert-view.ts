import type { AlertView } from '@bus/payload-schemas';
import type { Kysely } from 'kysely';
import { withinScope, type AccessScope } from '../access/access-scope.ts';
import type { Database } from '../schema/database-schema.ts';

const ALERT_VIEW_COLUMNS = [
  'alert.id',
  'alert.message_id',
  'alert.alert_type',
  'alert.severity',
  'alert.message',
  'alert.source_id',
  'alert.device_id',
  'alert.client_id',
  'client.name as client_name',
  'alert.tenant_id',
  'alert.lat',
  'alert.lon',
  'alert.status',
  'alert.clock_suspect',
  'alert.device_time',
  'alert.received_at',
  'alert.stored_at',
  'acknowledger.username as acknowledged_by',
  'alert.acknowledged_at',
  'resolver.username as resolved_by',
  'alert.resolved_at',
  'alert.note',
  'alert.version',
] as const;

/** The alerts of the scope as rows for `alertViewOf`. */
export function alertViews(db: Kysely<Database>, scope: AccessScope) {
  return db
    .selectFrom('device_alerts as alert')
    .leftJoin('clients as client', 'client.id', 'alert.client_id')
    .leftJoin('users as acknowledger', 'acknowledger.id', 'alert.acknowledged_by')
    .leftJoin('users as resolver', 'resolver.id', 'alert.resolved_by')
    .select(ALERT_VIEW_COLUMNS)
    .where(withinScope(scope, { tenantId: 'alert.tenant_id', clientId: 'alert.client_id' }));
}

export interface AlertViewRow {
  id: string;
  message_id: string;
  alert_type: string;
  severity: AlertView['severity'];
  message: string;
  source_id: string;
  device_id: number | null;
  client_id: number | null;
  client_name: string | null;
  tenant_id: number | null;
  lat: number | null;
  lon: number | null;
  status: AlertView['status'];
  clock_suspect: boolean;
  device_time: Date | null;
  received_at: Date;
  stored_at: Date;
  acknowledged_by: string | null;
  acknowledged_at: Date | null;
  resolved_by: string | null;
  resolved_at: Date | null;
  note: string | null;
  version: number;
}

/** A row as the wire carries it: integer id, ISO times in UTC, the location as one value. */
export function alertViewOf(row: AlertViewRow): AlertView {
  return {
    alert_id: Number(row.id),
    message_id: row.message_id,
    alert_type: row.alert_type,
    severity: row.severity,
    message: row.message,
    source_id: row.source_id,
    device_id: row.device_id,
    client_id: row.client_id,
    client_name: row.client_name,
    tenant_id: row.tenant_id,
    location: row.lat === null || row.lon === null ? null : { lat: row.lat, lon: row.lon },
    status: row.status,
    clock_suspect: row.clock_suspect,
    device_time: isoOrNull(row.device_time),
    received_at: row.received_at.toISOString(),
    stored_at: row.stored_at.toISOString(),
    acknowledged_by: row.acknowledged_by,
    acknowledged_at: isoOrNull(row.acknowledged_at),
    resolved_by: row.resolved_by,
    resolved_at: isoOrNull(row.resolved_at),
    note: row.note,
    version: row.version,
  };
}

function isoOrNull(time: Date | null): string | null {
  return time === null ? null : time.toISOString();
}
