import type { DeviceAlertJob } from '@bus/payload-schemas';
import type { RegisteredDevice } from '../devices/device-registry.ts';
import { alertIdOf } from './alert-id.ts';
import { storableJson, storableKey, storableNumber, storableText, storableTime } from '../storable-values.ts';

/** An alert to store, and the device it came from as the registry knows it (null: unknown, staff still see it). */
export interface AlertToStore {
  readonly alert: DeviceAlertJob;
  readonly device: RegisteredDevice | null;
  /** True when the same alert was probably stored before. Default false. Only speed depends on it. */
  readonly isKnown?: boolean;
}

const STORED_COLUMNS = `id, message_id, alert_type, severity, message, source_id, device_id, client_id, tenant_id,
  lat, lon, status, clock_suspect, device_time, received_at, stored_at, acknowledged_by as acknowledger_id,
  acknowledged_at, resolved_by as resolver_id, resolved_at, note, version`;

/**
 * Commits without waiting for the disk: the rows are there for everybody, and a crash of Postgres within the next moment may take
 * them away again. Holds for the transaction it stands in, so it needs no connection of its own. `WalBarrier` waits for the disk.
 */
const WITHOUT_WAITING_FOR_THE_DISK = `set_config('synchronous_commit', 'off', true)`;

/**
 * One statement stores a batch and answers for every row of it: what was inserted, and for the rest what was there.
 *
 * - Rows go in ordered by their key: two batches that share messages wait for each other instead of deadlocking.
 * - Each row brings its id. Null is for an alert whose id another alert has: it gets the next number of the sequence. While
 *   the ids of both are given, such an alert is neither stored nor answered for.
 * - `missing` is computed first, and the lateral look-up then runs only for it. In the ordinary case (everything is
 *   new) the table is never read, whatever plan the prepared statement was given while the table was small.
 */
export const INSERT_ALERTS = `
with input as (
  select given.* from ${WITHOUT_WAITING_FOR_THE_DISK} as quick, unnest(
    $1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::integer[], $8::integer[],
    $9::integer[], $10::double precision[], $11::double precision[], $12::timestamptz[], $13::timestamptz[],
    $14::boolean[], $15::jsonb[], $16::bigint[]
  ) with ordinality as given (
    source_id, message_id, topic, alert_type, severity, message, device_id, client_id, tenant_id, lat, lon,
    device_time, received_at, clock_suspect, raw, id, position)
),
stored as (
  insert into device_alerts (
    id, source_id, message_id, topic, alert_type, severity, message, device_id, client_id, tenant_id, lat, lon,
    device_time, received_at, clock_suspect, raw)
  overriding system value
  select distinct on (source_id, message_id)
    coalesce(id, nextval(pg_get_serial_sequence('device_alerts', 'id'))), source_id, message_id, topic, alert_type, severity, message, device_id, client_id, tenant_id, lat, lon,
    device_time, received_at, clock_suspect, raw
  from input
  order by source_id, message_id, position
  on conflict do nothing
  returning ${STORED_COLUMNS}
),
missing as materialized (
  select position, source_id, message_id from input
  where not exists (
    select from stored where stored.source_id = input.source_id and stored.message_id = input.message_id)
),
answered as (
  select input.position::integer as position, true as inserted, stored.*
  from input join stored using (source_id, message_id)
  union all
  select missing.position::integer, false, existing.*
  from missing cross join lateral (
    select ${STORED_COLUMNS} from device_alerts
    where source_id = missing.source_id and message_id = missing.message_id limit 1) existing
)
select answered.*, client.name as client_name, acknowledger.username as acknowledged_by,
  resolver.username as resolved_by
from answered
left join clients as client on client.id = answered.client_id
left join users as acknowledger on acknowledger.id = answered.acknowledger_id
left join users as resolver on resolver.id = answered.resolver_id
order by answered.position`;

/**
 * The same for one alert, which is the ordinary case and the one somebody waits for: half the work for Postgres. It
 * answers only when the alert is new and its id free; who asks then knows the rest (a new alert was acknowledged by nobody).
 */
export const INSERT_ALERT = `
insert into device_alerts (
  id, source_id, message_id, topic, alert_type, severity, message, device_id, client_id, tenant_id, lat, lon,
  device_time, received_at, clock_suspect, raw)
overriding system value
select $16::bigint, $1::text, $2::text, $3::text, $4::text, $5::text, $6::text, $7::integer, $8::integer, $9::integer,
  $10::double precision, $11::double precision, $12::timestamptz, $13::timestamptz, $14::boolean, $15::jsonb
from ${WITHOUT_WAITING_FOR_THE_DISK} as quick
on conflict do nothing
returning stored_at`;

/** The parameters of `INSERT_ALERT`. */
export function insertAlertParameters(row: AlertToStore): unknown[] {
  return insertAlertsParameters([row]).map((column) => column[0]);
}

/** The parameters of `INSERT_ALERTS`: one array a column. */
export function insertAlertsParameters(
  rows: readonly AlertToStore[],
  idOf: (row: AlertToStore) => number | null = alertIdOfRow,
): unknown[][] {
  return [
    rows.map(({ alert }) => storableKey(alert.source_id)),
    rows.map(({ alert }) => storableKey(alert.message_id)),
    rows.map(({ alert }) => storableText(alert.topic)),
    rows.map(({ alert }) => storableText(alert.alert_type)),
    rows.map(({ alert }) => alert.severity),
    rows.map(({ alert }) => storableText(alert.message)),
    rows.map(({ device }) => device?.deviceId ?? null),
    rows.map(({ device }) => device?.clientId ?? null),
    rows.map(({ device }) => device?.tenantId ?? null),
    rows.map(({ alert }) => locationOf(alert)?.lat ?? null),
    rows.map(({ alert }) => locationOf(alert)?.lon ?? null),
    rows.map(({ alert }) => storableTime(alert.device_time)),
    rows.map(({ alert }) => storableTime(alert.received_at) ?? new Date().toISOString()),
    rows.map(({ alert }) => alert.clock_suspect),
    rows.map(({ alert }) => storableJson(alert.raw)),
    rows.map(idOf),
  ];
}

function alertIdOfRow({ alert }: AlertToStore): number {
  return alertIdOf(alert);
}

/** Half a location is none. */
export function locationOf(alert: DeviceAlertJob): { lat: number; lon: number } | null {
  const lat = storableNumber(alert.location?.lat);
  const lon = storableNumber(alert.location?.lon);
  return lat === null || lon === null ? null : { lat, lon };
}
