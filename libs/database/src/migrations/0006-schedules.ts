import { sql, type Kysely } from 'kysely';

/** What runs by the clock, and what became of every slot. Both are made to be read and edited with plain SQL. */
export const schedules = {
  async up(db: Kysely<unknown>): Promise<void> {
    await sql`
      create table schedules (
        id integer generated always as identity primary key,
        name text not null unique check (name ~ '^[A-Za-z0-9][A-Za-z0-9_.-]{0,99}$'),
        task_name text not null,
        params jsonb not null default '{}',
        cron text,
        every_seconds integer check (every_seconds between 1 and 31622400),
        time_zone text not null default 'UTC',
        enabled boolean not null default true,
        catch_up text not null default 'once' check (catch_up in ('skip', 'once', 'all')),
        catch_up_limit integer not null default 100 check (catch_up_limit between 1 and 1000),
        overlap text not null default 'skip' check (overlap in ('allow', 'skip', 'queue')),
        jitter_seconds integer not null default 0 check (jitter_seconds between 0 and 86400),
        starts_at timestamptz(3),
        ends_at timestamptz(3),
        next_slot_at timestamptz(3),
        last_slot_at timestamptz(3),
        last_error text,
        retry_at timestamptz(3),
        created_by text,
        created_at timestamptz(3) not null default now(),
        updated_at timestamptz(3) not null default now(),
        version integer not null default 1,
        constraint schedules_cron_or_interval check ((cron is null) <> (every_seconds is null)),
        constraint schedules_end_after_start check (ends_at > starts_at)
      )`.execute(db);
    // One look a second by every worker: it reads the front of this index.
    await sql`create index schedules_due_idx on schedules (next_slot_at) where enabled`.execute(db);
    await sql`comment on column schedules.next_slot_at is 'null: not worked out yet; infinity: no slot is left. Kept by the scheduler'`.execute(
      db,
    );
    await sql`comment on column schedules.last_error is 'why its slots cannot be worked out or run; looked at again at retry_at'`.execute(
      db,
    );
    await sql`comment on column schedules.catch_up_limit is 'most missed slots that "all" runs; the rest is recorded as skipped'`.execute(
      db,
    );
    // An edit counts from the next look on, whoever makes it and with whatever tool.
    await sql`
      create function bus_schedule_edited() returns trigger language plpgsql as $function$
      begin
        if (new.cron, new.every_seconds, new.time_zone, new.starts_at, new.ends_at, new.enabled)
          is distinct from (old.cron, old.every_seconds, old.time_zone, old.starts_at, old.ends_at, old.enabled) then
          new.next_slot_at := null;
        end if;
        new.last_error := null;
        new.retry_at := null;
        new.updated_at := now();
        new.version := old.version + 1;
        return new;
      end
      $function$`.execute(db);
    await sql`
      create trigger schedules_edited before update on schedules for each row
      when ((old.name, old.task_name, old.params, old.cron, old.every_seconds, old.time_zone, old.enabled, old.catch_up,
          old.catch_up_limit, old.overlap, old.jitter_seconds, old.starts_at, old.ends_at)
        is distinct from (new.name, new.task_name, new.params, new.cron, new.every_seconds, new.time_zone, new.enabled,
          new.catch_up, new.catch_up_limit, new.overlap, new.jitter_seconds, new.starts_at, new.ends_at))
      execute function bus_schedule_edited()`.execute(db);

    // look_at keeps its microseconds: cut to milliseconds it would be rounded, and a run due now be due a moment later.
    await sql`
      create table schedule_runs (
        id bigint generated always as identity primary key,
        schedule_id integer not null references schedules (id) on delete cascade,
        slot_at timestamptz(3) not null,
        cause text not null check (cause in ('slot', 'catch_up', 'manual')),
        state text not null check (state in
          ('due', 'waiting', 'enqueued', 'succeeded', 'failed', 'skipped', 'removed')),
        reason text,
        slots integer not null default 1,
        task_name text not null,
        params jsonb not null,
        queue text,
        job_id text,
        redis_lineage text,
        recoveries integer not null default 0,
        look_at timestamptz not null default now(),
        decided_at timestamptz(3) not null default now(),
        enqueued_at timestamptz(3),
        started_at timestamptz(3),
        finished_at timestamptz(3)
      )`.execute(db);
    await sql`create unique index schedule_runs_slot_key on schedule_runs (schedule_id, slot_at) where cause <> 'manual'`.execute(
      db,
    );
    await sql`create index schedule_runs_history_idx on schedule_runs (schedule_id, slot_at desc, id desc)`.execute(
      db,
    );
    await sql`create index schedule_runs_open_idx on schedule_runs (look_at) where state in ('due', 'waiting', 'enqueued')`.execute(
      db,
    );
    await sql`create index schedule_runs_unfinished_idx on schedule_runs (schedule_id, slot_at)
      where state in ('due', 'waiting', 'enqueued')`.execute(db);
    await sql`comment on column schedule_runs.state is 'due: decided, not in Redis yet; waiting: for its predecessor; removed: its job was taken out of Redis by hand'`.execute(
      db,
    );
    await sql`comment on column schedule_runs.slots is 'how many slots the row stands for: a long stretch of missed ones is one row'`.execute(
      db,
    );
    await sql`comment on column schedule_runs.look_at is 'when a scheduler may look at an open run again; a lease while one does'`.execute(
      db,
    );
    await sql`comment on column schedule_runs.redis_lineage is 'the Redis that took the job; a job missing from another one was lost, not removed'`.execute(
      db,
    );
  },
};
