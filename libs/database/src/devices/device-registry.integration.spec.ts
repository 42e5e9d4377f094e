import { createDatabase } from '@bus/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it, vi } from 'vitest';
import { createOrganisation, type TestOrganisation } from '../fixtures/organisation.fixture.ts';
import { migratedDatabase, type TestDatabase } from '../fixtures/test-database.fixture.ts';
import { DeviceRegistry } from './device-registry.ts';

let database: TestDatabase;
let organisation: TestOrganisation;
let registry: DeviceRegistry;

beforeAll(async () => {
  database = await migratedDatabase(await createDatabase(inject('databaseUrl')));
  organisation = await createOrganisation(database.pool);
});
afterAll(() => database.close());
beforeEach(() => {
  registry = new DeviceRegistry(database.pool);
  vi.restoreAllMocks();
});

describe('DeviceRegistry', () => {
  it('knows whom a device belongs to', async () => {
    const { north, south } = organisation;
    const found = await registry.lookup(['north-device-1', 'south-device-2', 'stranger', 'north-device-1']);
    expect([...found]).toEqual([
      ['north-device-1', north.devices[0]],
      ['south-device-2', south.devices[1]],
    ]);
  });

  it('asks once for all it does not know, and for nothing it knows, strangers included', async () => {
    const query = vi.spyOn(database.pool, 'query');
    await registry.lookup(['north-device-1', 'stranger']);
    await registry.lookup(['stranger', 'north-device-1']);
    await registry.lookup([]);
    expect(query).toHaveBeenCalledTimes(1);
    await registry.lookup(['north-device-1', 'north-device-2', 'south-device-1']);
    expect(query).toHaveBeenCalledTimes(2);
    expect(query.mock.calls[1]).toMatchObject([{ values: [['north-device-2', 'south-device-1']] }]);
  });

  it('shares one question among those who ask at the same time', async () => {
    const query = vi.spyOn(database.pool, 'query');
    const answers = await Promise.all(Array.from({ length: 20 }, () => registry.lookup(['north-device-1'])));
    expect(query).toHaveBeenCalledTimes(1);
    expect(answers.every((found) => found.size === 1)).toBe(true);
  });

  it('does not remember a failure', async () => {
    await database.pool.query('alter table devices rename to hidden');
    try {
      await expect(registry.lookup(['north-device-1', 'stranger'])).rejects.toThrow(
        '"devices" does not exist',
      );
    } finally {
      await database.pool.query('alter table hidden rename to devices');
    }
    expect((await registry.lookup(['north-device-1'])).size).toBe(1);
  });

  it('sees a new device after forgetting', async () => {
    expect((await registry.lookup(['newcomer'])).size).toBe(0);
    await database.pool.query(
      `insert into devices (external_id, kind, name) values ('newcomer', 'sensor', 'n')`,
    );
    expect((await registry.lookup(['newcomer'])).size).toBe(0);
    registry.forget();
    expect((await registry.lookup(['newcomer'])).get('newcomer')).toMatchObject({
      kind: 'sensor',
      clientId: null,
    });
  });

  it('survives ids no topic can hold', async () => {
    expect((await registry.lookup(['\u0000', `'); --`, '{NULL}', 'x'.repeat(10_000)])).size).toBe(0);
  });
});
