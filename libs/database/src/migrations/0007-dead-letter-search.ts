import { sql, type Kysely } from 'kysely';

/**
 * Dead letters are found by whatever is known of them and purged by when they were handled, and audit lines by the work they belong to, however many there are. What a
 * hostile job may have written at any length is indexed by its beginning: an entry too long for an index would refuse the letter.
 */
export const deadLetterSearch = {
  async up(db: Kysely<unknown>): Promise<void> {
    await sql`create index dead_letters_params_idx on dead_letters using gin (params jsonb_path_ops)`.execute(
      db,
    );
    await sql`create index dead_letters_tenant_idx on dead_letters (left(params ->> 'tenant_id', 100), id desc)`.execute(
      db,
    );
    await sql`create index dead_letters_task_name_idx on dead_letters (left(task_name, 100), id desc)`.execute(
      db,
    );
    await sql`create index dead_letters_reason_idx on dead_letters (reason, id desc)`.execute(db);
    await sql`create index dead_letters_job_id_idx on dead_letters (job_id, id desc)`.execute(db);
    await sql`create index dead_letters_failed_at_idx on dead_letters (failed_at)`.execute(db);
    await sql`create index dead_letters_handled_at_idx on dead_letters (handled_at) where status <> 'open'`.execute(
      db,
    );
    await sql`create index audit_log_correlation_id_idx on audit_log (correlation_id) where correlation_id is not null`.execute(
      db,
    );
  },
};
