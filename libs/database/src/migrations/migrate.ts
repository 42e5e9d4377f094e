import { createPostgresPool } from '@bus/platform';
import { Migrator } from 'kysely/migration';
import type { Pool } from 'pg';
import { kyselyOver } from '../schema/kysely.ts';
import { TimeSeriesPartitions } from '../telemetry/time-series-partitions.ts';
import { migrationProvider, MIGRATIONS } from './migrations.ts';

/**
 * Brings the database to the schema of this build and makes the coming partitions; returns the names of the migrations
 * that had to run. Any number of processes may call it at once: one works, the others wait for it, guarded by an advisory
 * lock. All pending migrations run in one transaction, so a failure leaves the database as it was.
 *
 * @param database a URL, or a pool, which stays open
 * @throws the error of the migration that failed, with its name
 */
export async function migrate(url: string): Promise<string[]>;
export async function migrate(pool: Pool): Promise<string[]>;
export async function migrate(database: string | Pool): Promise<string[]> {
  if (typeof database !== 'string') return migrateOver(database);
  const pool = createPostgresPool({ DATABASE_URL: database, DATABASE_POOL_SIZE: 2 });
  try {
    return await migrateOver(pool);
  } finally {
    await pool.end();
  }
}

async function migrateOver(pool: Pool): Promise<string[]> {
  const migrator = new Migrator({ db: kyselyOver(pool), provider: migrationProvider });
  const { error, results = [] } = await migrator.migrateToLatest();
  if (error !== undefined) {
    const failed = results.find((result) => result.status === 'Error');
    throw new Error(
      failed === undefined
        ? 'The database could not be migrated.'
        : `Migration ${failed.migrationName} failed; the database is as it was before.`,
      { cause: error },
    );
  }
  await new TimeSeriesPartitions(pool).ensure();
  return results.map((result) => result.migrationName);
}

/** Names of the migrations of this build that the database does not have yet, in order. Changes nothing. */
export async function pendingMigrations(pool: Pool): Promise<string[]> {
  const { rows } = await pool.query<{ exists: boolean }>(
    `select to_regclass('kysely_migration') is not null as exists`,
  );
  if (rows[0]?.exists !== true) return Object.keys(MIGRATIONS);
  const done = await pool.query<{ name: string }>('select name from kysely_migration');
  const names = new Set(done.rows.map(({ name }) => name));
  return Object.keys(MIGRATIONS).filter((name) => !names.has(name));
}
