import { createDatabase } from '@bus/testing';
import { afterEach, describe, expect, inject, it } from 'vitest';
import { openPool } from '../fixtures/test-database.fixture.ts';
import { migrate } from './migrate.ts';
import { MIGRATIONS } from './migrations.ts';

const cleanups: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

async function emptyDatabase(processes: number) {
  const database = await createDatabase(inject('databaseUrl'));
  cleanups.push(() => database.drop());
  const pools = Array.from({ length: processes }, () => openPool(database.url, 2));
  cleanups.push(async () => {
    await Promise.all(pools.map((pool) => pool.end()));
  });
  return pools;
}

describe('migrate', () => {
  it('makes every table from nothing, and has nothing to do the second time', async () => {
    const [pool] = await emptyDatabase(1);
    expect(await migrate(pool!)).toEqual(Object.keys(MIGRATIONS));
    expect(await migrate(pool!)).toEqual([]);

    const { rows } = await pool!.query<{ name: string }>(
      `select relname as name from pg_class where relnamespace = 'public'::regnamespace
        and relkind in ('r', 'p') and not relispartition order by 1`,
    );
    expect(rows.map((row) => row.name)).toEqual([
      'audit_log',
      'broadcast_outbox',
      'clients',
      'commands',
      'dead_letters',
      'device_alerts',
      'device_telemetry',
      'devices',
      'guard_locations',
      'idempotency_records',
      'kysely_migration',
      'kysely_migration_lock',
      'quarantine',
      'schedule_runs',
      'schedules',
      'sensor_readings',
      'system_health',
      'tenants',
      'users',
    ]);
  });

  it('takes a URL as well', async () => {
    const database = await createDatabase(inject('databaseUrl'));
    cleanups.push(() => database.drop());
    expect(await migrate(database.url)).toEqual(Object.keys(MIGRATIONS));
  });

  it('lets three processes migrate at once: each migration runs once', async () => {
    const pools = await emptyDatabase(3);
    const ran = await Promise.all(pools.map((pool) => migrate(pool)));
    expect(ran.flat().toSorted()).toEqual(Object.keys(MIGRATIONS));
  });

  it('names the migration that failed and leaves the database as it was', async () => {
    const [pool] = await emptyDatabase(1);
    await pool!.query('create table device_alerts (in_the_way boolean)');
    await expect(migrate(pool!)).rejects.toThrow('Migration 0003_device_alerts failed');
    const { rows } = await pool!.query<{ tenants: string | null }>(
      `select to_regclass('tenants') as tenants`,
    );
    expect(rows[0]?.tenants).toBeNull();
  });
});

describe('the schema', () => {
  it('keeps staff out of tenants and everybody else in one', async () => {
    const [pool] = await emptyDatabase(1);
    await migrate(pool!);
    await pool!.query(`insert into tenants (name) values ('north')`);
    const add = (username: string, role: string, tenantId: number | null) =>
      pool!.query(
        `insert into users (username, role, tenant_id, password_hash) values ($1, $2, $3, 'none')`,
        [username, role, tenantId],
      );
    await expect(add('a', 'admin', 1)).rejects.toThrow('users_only_staff_has_no_tenant');
    await expect(add('b', 'supervisor', null)).rejects.toThrow('users_only_staff_has_no_tenant');
    await add('Carla', 'tenant_user', 1);
    await expect(add('cARLA', 'admin', null)).rejects.toThrow('users_username_key');
  });

  it('refuses a supervisor of another tenant', async () => {
    const [pool] = await emptyDatabase(1);
    await migrate(pool!);
    await pool!.query(`insert into tenants (name) values ('north'), ('south')`);
    await pool!.query(
      `insert into users (username, role, tenant_id, password_hash) values ('s', 'supervisor', 1, 'none')`,
    );
    await expect(
      pool!.query(`insert into clients (tenant_id, name, supervisor_user_id) values (2, 'x', 1)`),
    ).rejects.toThrow('clients_supervisor_is_of_the_tenant');
  });

  it('refuses to change or delete a line of the audit log', async () => {
    const [pool] = await emptyDatabase(1);
    await migrate(pool!);
    await pool!.query(
      `insert into audit_log (action, subject_type, subject_id, details) values ('a', 'b', 'c', '{}')`,
    );
    for (const statement of [
      'update audit_log set action = $$x$$',
      'delete from audit_log',
      'truncate audit_log',
    ]) {
      await expect(pool!.query(statement)).rejects.toThrow('takes new rows only');
    }
  });
});
