import { sql, type Kysely } from 'kysely';

/** What has been done, so that it is not done twice: the outcomes of durable tasks. */
export const idempotency = {
  async up(db: Kysely<unknown>): Promise<void> {
    await sql`
      create table idempotency_records (
        key text primary key,
        task_name text not null,
        scope text not null,
        state text not null check (state in ('running', 'failed', 'done')),
        claim_id uuid not null,
        job_id text not null,
        fence integer not null,
        lease_until timestamptz(3) not null,
        steps jsonb not null default '{}',
        result jsonb,
        claimed_at timestamptz(3) not null default now(),
        finished_at timestamptz(3),
        expires_at timestamptz(3) not null,
        constraint idempotency_records_done_has_an_outcome
          check ((state = 'done') = (result is not null and finished_at is not null))
      )`.execute(db);
    await sql`create index idempotency_records_expires_at_idx on idempotency_records (expires_at)`.execute(
      db,
    );
    await sql`comment on column idempotency_records.key is 'hash of task, scope and parameters; keyed when these are sensitive'`.execute(
      db,
    );
    await sql`comment on column idempotency_records.claim_id is 'the run that has the work: only it can commit'`.execute(
      db,
    );
    await sql`comment on column idempotency_records.fence is 'starts of the job when it claimed: a later start takes over from an earlier one'`.execute(
      db,
    );
    await sql`comment on column idempotency_records.steps is 'side effects by name: done, or the claim that began them'`.execute(
      db,
    );
  },
};
