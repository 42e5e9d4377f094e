import { sql, type Kysely } from 'kysely';

/** Alerts: stored once, worked on by people, never dropped by retention. */
export const deviceAlerts = {
  async up(db: Kysely<unknown>): Promise<void> {
    // device_id, client_id and tenant_id are a note of who it belonged to when it came. Without foreign keys, because
    // an alert of a device that is being deleted right now must be stored, and because each key would be checked on
    // the way between a device and the operator's screen.
    await sql`
      create table device_alerts (
        id bigint generated always as identity primary key,
        source_id text not null,
        message_id text not null,
        topic text not null,
        alert_type text not null,
        severity text not null check (severity in ('critical', 'high', 'medium', 'low', 'info')),
        message text not null,
        device_id integer,
        client_id integer,
        tenant_id integer,
        lat double precision,
        lon double precision,
        device_time timestamptz(3),
        received_at timestamptz(3) not null,
        stored_at timestamptz(3) not null default clock_timestamp(),
        clock_suspect boolean not null,
        status text not null default 'new' check (status in ('new', 'acknowledged', 'resolved', 'false_alarm')),
        acknowledged_by integer references users (id),
        acknowledged_at timestamptz(3),
        resolved_by integer references users (id),
        resolved_at timestamptz(3),
        note text,
        version integer not null default 1,
        urgency smallint not null generated always as (
          (case status when 'new' then 20 when 'acknowledged' then 10 else 0 end)
          + (case severity when 'critical' then 5 when 'high' then 4 when 'medium' then 3 when 'low' then 2 else 1 end)
        ) stored,
        raw jsonb not null,
        unique (source_id, message_id),
        constraint device_alerts_acknowledged_by_someone
          check (status <> 'acknowledged' or (acknowledged_by is not null and acknowledged_at is not null)),
        constraint device_alerts_closed_by_someone
          check ((status in ('resolved', 'false_alarm')) = (resolved_by is not null and resolved_at is not null)),
        constraint device_alerts_location_is_a_pair check ((lat is null) = (lon is null))
      )`.execute(db);
    await sql`comment on column device_alerts.message_id is 'a device may count its messages, so an id is unique per source only'`.execute(
      db,
    );
    await sql`comment on column device_alerts.version is 'raised by one with each change; a screen keeps the highest it has seen'`.execute(
      db,
    );
    await sql`comment on column device_alerts.urgency is 'the order of the operator''s list: unacknowledged first, then severity'`.execute(
      db,
    );
    // The list of everybody, of one tenant and of one client: each read in order, stopped at the page size.
    await sql`create index device_alerts_worklist_idx on device_alerts (urgency desc, received_at desc, id desc)`.execute(
      db,
    );
    await sql`create index device_alerts_tenant_worklist_idx
      on device_alerts (tenant_id, urgency desc, received_at desc, id desc)`.execute(db);
    await sql`create index device_alerts_client_worklist_idx
      on device_alerts (client_id, urgency desc, received_at desc, id desc)`.execute(db);
  },
};
