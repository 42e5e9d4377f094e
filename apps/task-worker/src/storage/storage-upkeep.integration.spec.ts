import { BroadcastOutboxQueries, DeadLetterQueries, migrate, TimeSeriesPartitions } from '@bus/database';
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
