import { createDatabase } from '@bus/testing';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { migratedDatabase, type TestDatabase } from '../fixtures/test-database.fixture.ts';
import { UserQueries } from '../users/user.queries.ts';
import { buildDemoFleet, DEMO_FLEET, DEMO_USERS } from './demo-fleet.ts';
import { seedDemo } from './seed-demo.ts';

const passwords = Object.fromEntries(DEMO_USERS.map(({ username }) => [username, `secret of ${username}`]));

// One database for all tests here, each going on from the one before: hashing passwords takes its time on purpose.
let database: TestDatabase;
beforeAll(async () => {
  database = await migratedDatabase(await createDatabase(inject('databaseUrl')));
});
afterAll(() => database.close());

async function snapshot(): Promise<unknown[][]> {
  const tables = ['tenants', 'users', 'clients', 'devices'];
  const results = await Promise.all(
    tables.map((table) => database.pool.query(`select * from ${table} order by id`)),
  );
  return results.map((result) => result.rows as unknown[]);
}

describe('seedDemo', () => {
  it('asks for every password and does not touch real people of the same name', async () => {
    await expect(seedDemo(database.pool, { passwords: { ...passwords, noc: '' } })).rejects.toThrow('noc');
    await database.pool.query(
      `insert into users (username, role, password_hash) values ('NOC', 'admin', 'none')`,
    );
    await expect(seedDemo(database.pool, { passwords })).rejects.toThrow('not of the demo');
    expect(await new UserQueries(database.pool).hasDemoUsers()).toBe(false);
    await database.pool.query('truncate tenants, users, clients, devices restart identity cascade');
  });

  it('makes people who can log in, marked as demo, and a fleet', async () => {
    await seedDemo(database.pool, { passwords });
    const users = new UserQueries(database.pool);
    expect(await users.hasDemoUsers()).toBe(true);
    const supervisor = await users.authenticate('supervisor.north', passwords['supervisor.north']!);
    expect(supervisor).toMatchObject({ role: 'supervisor', isDemo: true });
    expect(await users.scopeOf(supervisor!)).toMatchObject({ kind: 'tenant', clientIds: [3, 4] });
    const [, , , devices] = await snapshot();
    expect(devices).toHaveLength(DEMO_FLEET.length);
    expect(devices![0]).toMatchObject({ id: 1, external_id: 'device-001', kind: 'device', client_id: 1 });
  });

  it('changes nothing when repeated', async () => {
    const first = await snapshot();
    await seedDemo(database.pool, { passwords });
    expect(await snapshot()).toEqual(first);
  });

  it('adds devices of a larger fleet and takes new passwords', async () => {
    const fleet = buildDemoFleet({ device: 20, guard: 6, sensor: 8, edge: 3 });
    await seedDemo(database.pool, { passwords: { ...passwords, noc: 'another' }, fleet });
    const users = new UserQueries(database.pool);
    expect(await users.authenticate('noc', passwords['noc']!)).toBeNull();
    expect(await users.authenticate('noc', 'another')).toMatchObject({ sessionEpoch: 1 });
    const [, , , devices] = await snapshot();
    expect(devices).toHaveLength(37);
  });
});

async function ids({ pool }: TestDatabase): Promise<unknown[][]> {
  return [
    (await pool.query('select id, external_id, client_id from devices order by id')).rows,
    (await pool.query('select id, username, tenant_id from users order by id')).rows,
  ];
}

it('gives every empty database the same ids, also when two processes seed it at once', async () => {
  const other = await migratedDatabase(await createDatabase(inject('databaseUrl')));
  try {
    await Promise.all([1, 2].map(() => seedDemo(other.pool, { passwords })));
    const [devices, users] = await ids(other);
    const [firstDevices, firstUsers] = await ids(database);
    expect(users).toEqual(firstUsers);
    expect(devices).toEqual(firstDevices!.slice(0, DEMO_FLEET.length));
  } finally {
    await other.close();
  }
});
