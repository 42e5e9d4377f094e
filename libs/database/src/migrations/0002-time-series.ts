import { sql, type Kysely } from 'kysely';

const COMMON_COLUMNS = sql.raw(`
  source_id text not null,
  message_id text not null,
  device_time timestamptz(3) not null,
  received_at timestamptz(3) not null,
  stored_at timestamptz(3) not null default now(),
  clock_suspect boolean not null,
  raw jsonb not null,
  primary key (source_id, device_time, message_id)`);

const TABLES: Record<string, { columns: string; comment: string }> = {
  device_telemetry: {
    columns: `battery double precision, signal double precision, temperature double precision,
              connectivity text, readings jsonb not null`,
    comment: 'battery in percent, signal in dBm, temperature in degrees Celsius; further readings by name',
  },
  guard_locations: {
    columns: `lat double precision not null, lon double precision not null, accuracy_m double precision,
              claimed_guard_id bigint, claimed_client_id bigint`,
    comment: 'claimed_* is what the handset says; who it belongs to is decided by the devices table',
  },
  sensor_readings: {
    columns: 'sensor_type text not null, value double precision, state text',
    comment: 'one status message of one sensor',
  },
  system_health: {
    columns: `cpu_percent double precision, memory_percent double precision, disk_percent double precision,
              uptime_seconds double precision`,
    comment: 'one health report of one edge server',
  },
};

/**
 * What devices measure. Partitioned by the time the device claims, one partition a day (UTC), so that old days
 * leave by dropping a table. No foreign keys: a reading of an unknown or deleted device is kept.
 */
export const timeSeries = {
  async up(db: Kysely<unknown>): Promise<void> {
    for (const [table, { columns, comment }] of Object.entries(TABLES)) {
      await sql`
        create table ${sql.table(table)} (${sql.raw(columns)}, ${COMMON_COLUMNS})
        partition by range (device_time)`.execute(db);
      await sql`comment on table ${sql.table(table)} is ${sql.lit(comment)}`.execute(db);

      const absurdTimes = `${table}_default`;
      await sql`create table ${sql.table(absurdTimes)} partition of ${sql.table(table)} default`.execute(db);
      await sql`create index on ${sql.table(absurdTimes)} (received_at)`.execute(db);
      await sql`comment on table ${sql.table(absurdTimes)} is
        'rows whose device clock is far off; they leave by received_at, see bus_drop_partitions'`.execute(db);
    }

    // ATTACH takes a weaker lock on the parent than CREATE ... PARTITION OF: writers of other days go on. Rows that
    // came before their day had a partition wait in the default one and have to move first.
    await sql`
      create function bus_ensure_partitions(parent text, first_day date, last_day date) returns integer
      language plpgsql set timezone = 'UTC' set lock_timeout = '5s' as $function$
      declare
        day date := first_day;
        partition_name text;
        created integer := 0;
      begin
        perform pg_advisory_xact_lock(hashtext('bus_partitions'));
        while day <= last_day loop
          partition_name := parent || '_p' || to_char(day, 'YYYYMMDD');
          if to_regclass(partition_name) is null then
            execute format('create table %I (like %I including defaults including constraints)', partition_name, parent);
            execute format('lock table %I in access exclusive mode', parent || '_default');
            execute format(
              'with moved as (delete from %I where device_time >= %L and device_time < %L returning *)
               insert into %I select * from moved',
              parent || '_default', day::timestamptz, (day + 1)::timestamptz, partition_name);
            execute format('alter table %I attach partition %I for values from (%L) to (%L)',
              parent, partition_name, day::timestamptz, (day + 1)::timestamptz);
            created := created + 1;
          end if;
          day := day + 1;
        end loop;
        return created;
      end
      $function$`.execute(db);

    await sql`
      create function bus_drop_partitions(parent text, first_kept_day date) returns integer
      language plpgsql set timezone = 'UTC' set lock_timeout = '5s' as $function$
      declare
        expired text;
        dropped integer := 0;
      begin
        perform pg_advisory_xact_lock(hashtext('bus_partitions'));
        for expired in
          select child.relname from pg_inherits
          join pg_class child on child.oid = pg_inherits.inhrelid
          where pg_inherits.inhparent = parent::regclass and child.relname ~ '_p[0-9]{8}$'
            and to_date(right(child.relname, 8), 'YYYYMMDD') < first_kept_day
        loop
          execute format('drop table %I', expired);
          dropped := dropped + 1;
        end loop;
        execute format('delete from %I where received_at < %L', parent || '_default', first_kept_day::timestamptz);
        return dropped;
      end
      $function$`.execute(db);
  },
};
