import {
  BroadcastOutboxQueries,
  DeadLetterQueries,
  IdempotencyQueries,
  migrate,
  TimeSeriesPartitions,
} from '@bus/database';
import { Metrics } from '@bus/observability';
import { createPostgresPool } from '@bus/platform';
import { createDatabase, waitFor, type PostgresDatabase } from '@bus/testing';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import { TaskWorkerSettings } from '../settings.ts';
import { StorageUpkeep } from './storage-upkeep.ts';

describe('StorageUpkeep', () => {
  let database: PostgresDatabase;
  let pool: ReturnType<typeof createPostgresPool>;
  let upkeep: StorageUpkeep;
  let metrics: Metrics;

  beforeEach(async () => {
    database = await createDatabase(inject('databaseUrl'));
    pool = createPostgresPool({ DATABASE_URL: database.url, DATABASE_POOL_SIZE: 3 });
    await migrate(pool);
    metrics = new Metrics({ app: 'task-worker', instance: 'spec' });
    const settings = Object.assign(new TaskWorkerSettings(), { TIME_SERIES_RETENTION_DAYS: 30 });
    upkeep = new StorageUpkeep(
      settings,
      new TimeSeriesPartitions(pool),
      new BroadcastOutboxQueries(pool),
      new DeadLetterQueries(pool),
      new IdempotencyQueries(pool),
      metrics,
    );
  });
  afterEach(async () => {
    await upkeep.onModuleDestroy();
    await pool.end();
    await database.drop();
  });

  const partitions = async (): Promise<number> => {
    const { rows } = await pool.query<{ count: number }>(
      `select count(*)::int from pg_inherits where inhparent = 'device_telemetry'::regclass`,
    );
    return rows[0]!.count;
  };

  it('makes the partitions that are missing and drops those past their time', async () => {
    const complete = await partitions();
    const old = new Date(Date.now() - 60 * 24 * 3_600_000).toISOString().slice(0, 10);
    await pool.query(`select bus_ensure_partitions('device_telemetry', $1::date, $1::date)`, [old]);
    const { rows } = await pool.query<{ name: string }>(
      `select inhrelid::regclass::text as name from pg_inherits
       join pg_class on pg_class.oid = inhrelid
       where inhparent = 'device_telemetry'::regclass and pg_get_expr(relpartbound, inhrelid) <> 'DEFAULT'
       order by name`,
    );
    await pool.query(`drop table ${rows.at(-1)!.name}`);

    upkeep.onApplicationBootstrap();
    await upkeep.onModuleDestroy();

    expect(await partitions()).toBe(complete);
  });

  it('forgets expired outcomes and letters handled long ago, also more than one batch of them', async () => {
    await pool.query(
      `insert into idempotency_records
         (key, task_name, scope, state, claim_id, job_id, fence, lease_until, result, finished_at, expires_at)
       select 'key-' || n, 'spec', 'global', 'done', gen_random_uuid(), 'job-' || n, 1, now(), '{}', now(),
         case when n = 0 then now() + interval '1 hour' else now() - interval '1 second' end
       from generate_series(0, 2500) n`,
    );
    await pool.query(
      `insert into dead_letters (queue, job_id, task_name, params, reason, detail, attempts, failed_at, status, handled_at)
       select 'critical', state, 'spec', '{}', 'spec', '', 1, now() - interval '1 year', state, handled_at
       from (values ('open', null), ('requeued', now() - interval '91 days'), ('discarded', now() - interval '89 days'))
         letters (state, handled_at)`,
    );
    upkeep.onApplicationBootstrap();
    await waitFor(
      async () => (await pool.query(`select from dead_letters where status = 'requeued'`)).rowCount === 0,
      { timeoutMs: 60_000 },
    );
    const { rows: kept } = await pool.query<{ key: string }>(`select key from idempotency_records`);
    expect(kept).toEqual([{ key: 'key-0' }]);
    const { rows: letters } = await pool.query<{ status: string }>(
      `select status from dead_letters order by status`,
    );
    expect(letters.map(({ status }) => status)).toEqual(['discarded', 'open']);
  });

  it('measures what is left lying', async () => {
    await pool.query(
      `insert into dead_letters (queue, job_id, task_name, params, reason, detail, attempts, failed_at)
       values ('critical', '1', 'process_device_alert', '{}', 'spec', '', 1, now())`,
    );
    upkeep.onApplicationBootstrap();
    const page = await waitFor(async () => {
      const { body } = await metrics.render();
      return /bus_queue_dead_letter_jobs\{queue="critical"[^}]*\} 1/.test(body) && body;
    });
    expect(page).toMatch(/bus_channel_outbox_broadcasts(\{[^}]*\})? 0/);
  });
});
