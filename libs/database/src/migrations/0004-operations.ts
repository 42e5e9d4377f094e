import { sql, type Kysely } from 'kysely';

/** What the platform team and the operators work with: commands, the audit trail, and everything that went wrong. */
export const operations = {
  async up(db: Kysely<unknown>): Promise<void> {
    await sql`
      create table commands (
        id bigint generated always as identity primary key,
        device_id integer not null references devices (id),
        client_id integer,
        tenant_id integer,
        name text not null,
        params jsonb not null,
        status text not null default 'queued' check (status in
          ('queued', 'sent', 'delivered', 'succeeded', 'failed', 'rejected', 'expired', 'cancelled')),
        requested_by integer references users (id),
        issued_at timestamptz(3) not null default now(),
        expires_at timestamptz(3) not null,
        sent_at timestamptz(3),
        delivered_at timestamptz(3),
        finished_at timestamptz(3),
        superseded_by bigint references commands (id),
        result jsonb,
        reason text,
        constraint commands_expire_after_issue check (expires_at > issued_at)
      )`.execute(db);
    await sql`create index commands_device_id_idx on commands (device_id, id desc)`.execute(db);
    await sql`create index commands_tenant_id_idx on commands (tenant_id, id desc)`.execute(db);
    await sql`create index commands_open_idx on commands (expires_at) where finished_at is null`.execute(db);

    await sql`
      create table audit_log (
        id bigint generated always as identity primary key,
        at timestamptz(3) not null default now(),
        actor_user_id integer,
        action text not null,
        subject_type text not null,
        subject_id text not null,
        tenant_id integer,
        client_id integer,
        correlation_id text,
        details jsonb not null
      )`.execute(db);
    await sql`create index audit_log_subject_idx on audit_log (subject_type, subject_id, id desc)`.execute(
      db,
    );
    await sql`create index audit_log_tenant_idx on audit_log (tenant_id, id desc)`.execute(db);
    await sql`create index audit_log_actor_idx on audit_log (actor_user_id, id desc)`.execute(db);
    await sql`comment on column audit_log.actor_user_id is 'null: the platform itself; no foreign key, a line outlives its user'`.execute(
      db,
    );
    await sql`
      create function bus_refuse_change() returns trigger language plpgsql as $function$
      begin
        raise exception 'table % takes new rows only', tg_table_name;
      end
      $function$`.execute(db);
    await sql`create trigger audit_log_takes_new_rows_only before update or delete or truncate on audit_log
      for each statement execute function bus_refuse_change()`.execute(db);

    await sql`
      create table quarantine (
        id bigint generated always as identity primary key,
        topic text not null,
        source_id text,
        message_id text,
        reason text not null,
        detail text,
        payload bytea not null,
        payload_bytes integer not null,
        received_at timestamptz(3) not null,
        replayed_at timestamptz(3)
      )`.execute(db);
    await sql`create index quarantine_source_id_idx on quarantine (source_id, id desc)`.execute(db);
    await sql`comment on table quarantine is 'refused device messages; bounded in total and per source, the oldest leave first'`.execute(
      db,
    );
    await sql`comment on column quarantine.payload_bytes is 'size on the wire; larger than the stored payload when that was cut'`.execute(
      db,
    );

    await sql`
      create table dead_letters (
        id bigint generated always as identity primary key,
        queue text not null,
        task_name text not null,
        job_id text not null,
        params jsonb not null,
        reason text not null,
        detail text not null,
        attempts integer not null,
        correlation_id text,
        failed_at timestamptz(3) not null,
        status text not null default 'open' check (status in ('open', 'requeued', 'discarded')),
        handled_by integer,
        handled_at timestamptz(3),
        unique (queue, job_id, failed_at)
      )`.execute(db);
    await sql`create index dead_letters_open_idx on dead_letters (queue, id desc) where status = 'open'`.execute(
      db,
    );
    await sql`create index dead_letters_correlation_id_idx on dead_letters (correlation_id)`.execute(db);

    await sql`
      create table broadcast_outbox (
        id bigint generated always as identity primary key,
        event_id text not null,
        group_name text not null,
        target text not null,
        message_type text not null,
        priority text not null,
        data jsonb not null,
        task_id text,
        task_name text,
        first_tried_at timestamptz(3) not null,
        kept_at timestamptz(3) not null default now(),
        unique (group_name, event_id)
      )`.execute(db);
    await sql`comment on table broadcast_outbox is 'critical broadcasts that Redis did not take; sent in order when it is back'`.execute(
      db,
    );
  },
};
