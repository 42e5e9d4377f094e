import { createDatabase } from '@bus/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it, vi } from 'vitest';
import { STAFF_SCOPE } from '../access/access-scope.ts';
import { alertJob, createOrganisation, type TestOrganisation } from '../fixtures/organisation.fixture.ts';
import { migratedDatabase, whileLocked, type TestDatabase } from '../fixtures/test-database.fixture.ts';
import { alertIdOf } from './alert-id.ts';
import type { AlertToStore } from './alert-insert.ts';
import { AlertQueries } from './alert.queries.ts';

let database: TestDatabase;
let organisation: TestOrganisation;
let alerts: AlertQueries;

beforeAll(async () => {
  database = await migratedDatabase(await createDatabase(inject('databaseUrl')));
  organisation = await createOrganisation(database.pool);
  alerts = new AlertQueries(database.pool);
});
afterAll(() => database.close());
beforeEach(() => database.pool.query('truncate device_alerts'));

function fromNorth(fields: Parameters<typeof alertJob>[0]): AlertToStore {
  return { alert: alertJob(fields), device: organisation.north.devices[0] };
}

async function countOfAlerts(): Promise<number> {
  const { rows } = await database.pool.query<{ alerts: number }>(
    'select count(*)::integer as alerts from device_alerts',
  );
  return rows[0]!.alerts;
}

const insertStatement = `insert into device_alerts (source_id, message_id, topic, alert_type, severity, message,
  received_at, clock_suspect, raw) values ('north-device-1', $1, 't', 'panic', 'low', 'theirs', now(), false, '{}')`;

describe('AlertQueries.insertMany', () => {
  it('answers with the alert as everybody will see it', async () => {
    const [stored] = await alerts.insertMany([fromNorth({ message_id: 'm1' })]);
    const { north } = organisation;
    expect(stored).toEqual({
      inserted: true,
      row: {
        alert_id: alertIdOf({ source_id: 'north-device-1', message_id: 'm1' }),
        message_id: 'm1',
        alert_type: 'panic',
        severity: 'critical',
        message: 'Panic button pressed',
        source_id: 'north-device-1',
        device_id: north.devices[0].deviceId,
        client_id: north.clientIds[0],
        client_name: 'north client 1',
        tenant_id: north.tenantId,
        location: { lat: 54.32, lon: 10.13 },
        status: 'new',
        clock_suspect: false,
        device_time: '2026-03-01T11:59:59.500Z',
        received_at: '2026-03-01T12:00:00.000Z',
        stored_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
        acknowledged_by: null,
        acknowledged_at: null,
        resolved_by: null,
        resolved_at: null,
        note: null,
        version: 1,
      },
    });
    expect(await alerts.byId(stored!.row.alert_id, STAFF_SCOPE)).toEqual(stored!.row);
  });

  it('stores an alert of an unknown device, without a place or a time', async () => {
    const [stored] = await alerts.insertMany([
      {
        alert: alertJob({ message_id: 'm1', source_id: 'stranger', location: null, device_time: null }),
        device: null,
      },
    ]);
    expect(stored).toMatchObject({
      inserted: true,
      row: {
        device_id: null,
        client_id: null,
        client_name: null,
        tenant_id: null,
        location: null,
        device_time: null,
      },
    });
  });

  it('stores an alert of a device, client and tenant that were deleted a moment ago', async () => {
    const gone = {
      ...organisation.north.devices[0],
      deviceId: 999_001,
      clientId: 999_002,
      tenantId: 999_003,
    };
    const [stored] = await alerts.insertMany([{ alert: alertJob({ message_id: 'm1' }), device: gone }]);
    const { clientId: client_id, clientName: client_name } = gone;
    expect(stored).toMatchObject({ inserted: true, row: { client_id, client_name } });
  });

  it('answers in the order given, in one round trip', async () => {
    const query = vi.spyOn(database.pool, 'query');
    const rows = Array.from({ length: 50 }, (_, index) => fromNorth({ message_id: `m${(index * 37) % 50}` }));
    const stored = await alerts.insertMany(rows);
    expect(query).toHaveBeenCalledTimes(1);
    query.mockRestore();
    expect(stored.map(({ row }) => row.message_id)).toEqual(rows.map(({ alert }) => alert.message_id));
    expect(stored.every(({ inserted }) => inserted)).toBe(true);
  });

  it('stores an id that stands twice in a batch once, and counts only the first as new', async () => {
    const stored = await alerts.insertMany([
      fromNorth({ message_id: 'twice', message: 'first' }),
      fromNorth({ message_id: 'other' }),
      fromNorth({ message_id: 'twice', message: 'second' }),
    ]);
    expect(stored.map(({ inserted }) => inserted)).toEqual([true, true, false]);
    expect(stored[2]!.row).toEqual(stored[0]!.row);
    expect(stored[0]!.row.message).toBe('first');
    expect(await countOfAlerts()).toBe(2);
  });

  it('answers for what was there before with its present state, in one round trip', async () => {
    const [first] = await alerts.insertMany([fromNorth({ message_id: 'known' })]);
    await alerts.acknowledge({
      alertId: first!.row.alert_id,
      userId: organisation.operator.id,
      scope: STAFF_SCOPE,
    });
    const query = vi.spyOn(database.pool, 'query');
    const stored = await alerts.insertMany([
      fromNorth({ message_id: 'new' }),
      fromNorth({ message_id: 'known', message: 'again' }),
    ]);
    expect(query).toHaveBeenCalledTimes(1);
    query.mockRestore();
    expect(stored.map(({ inserted }) => inserted)).toEqual([true, false]);
    expect(stored[1]!.row).toMatchObject({
      alert_id: first!.row.alert_id,
      message: 'Panic button pressed',
      status: 'acknowledged',
      acknowledged_by: 'operator',
      version: 2,
    });
  });

  it('takes the same id from two sources for two alerts', async () => {
    const stored = await alerts.insertMany([
      fromNorth({ message_id: '1' }),
      {
        alert: alertJob({ message_id: '1', source_id: 'south-device-1' }),
        device: organisation.south.devices[0],
      },
    ]);
    expect(stored.map(({ inserted }) => inserted)).toEqual([true, true]);
  });

  it('finds the row that another process commits while this one waits for it', async () => {
    const [stored] = await whileLocked(
      database.pool,
      { text: insertStatement, values: ['raced'], end: 'commit' },
      () => [alerts.insertMany([fromNorth({ message_id: 'mine' }), fromNorth({ message_id: 'raced' })])],
    );
    expect(stored!.map(({ inserted, row }) => [inserted, row.message_id, row.message])).toEqual([
      [true, 'mine', 'Panic button pressed'],
      [false, 'raced', 'theirs'],
    ]);
  });

  it('does not deadlock when two batches share messages in another order', async () => {
    const [first, middle, last] = ['a', 'm', 'z'].map((id) => fromNorth({ message_id: id }));
    const results = await whileLocked(database.pool, { text: insertStatement, values: ['m'] }, () =>
      [
        [first!, middle!, last!],
        [last!, middle!, first!],
      ].map((batch) => alerts.insertMany(batch)),
    );
    expect(results.flat().filter(({ inserted }) => inserted)).toHaveLength(3);
  });

  it('lets processes that share messages in any order pass each other: each alert is new exactly once', async () => {
    const rows = Array.from({ length: 200 }, (_, index) => fromNorth({ message_id: `m${index}` }));
    const results = await Promise.all(
      [rows, rows.toReversed(), rows.toSorted(() => 0.5 - Math.random()), rows].map((batch) =>
        alerts.insertMany(batch),
      ),
    );
    const newOnes = results.flat().filter(({ inserted }) => inserted);
    expect(new Set(newOnes.map(({ row }) => row.alert_id)).size).toBe(200);
    expect(newOnes).toHaveLength(200);
    expect(results.every((stored) => stored.length === 200)).toBe(true);
  });

  it('stores all of a batch or nothing', async () => {
    const impossible = alertJob({ message_id: 'bad' });
    Object.assign(impossible, { severity: 'apocalyptic' });
    await expect(
      alerts.insertMany([fromNorth({ message_id: 'good' }), { alert: impossible, device: null }]),
    ).rejects.toThrow('device_alerts_severity_check');
    expect(await countOfAlerts()).toBe(0);
  });

  it('does not choke on hostile values', async () => {
    const hostile = [
      fromNorth({ message_id: '\u0000', message: 'a\u0000b\ud800', raw: { '\u0000': ['\u0000', '\udfff'] } }),
      fromNorth({ message_id: `'); drop table device_alerts; --`, message: `{"x",NULL}'"\\` }),
      fromNorth({ message_id: 'NULL', message: 'NULL' }),
      fromNorth({ message_id: 'k'.repeat(5000), message: 'm'.repeat(200_000) }),
      fromNorth({ message_id: 'place', location: { lat: 1e308, lon: -1e308 } }),
      fromNorth({ message_id: 'half', location: { lat: Number.NaN, lon: 1 } }),
      fromNorth({ message_id: 'year', device_time: '+275760-09-13T00:00:00.000Z' }),
      fromNorth({ message_id: 'deep', raw: JSON.parse('{"a":'.repeat(500) + '1' + '}'.repeat(500)) }),
      fromNorth({ message_id: '🔥<script>alert(1)</script>' }),
    ];
    const stored = await alerts.insertMany(hostile);
    expect(stored.every(({ inserted }) => inserted)).toBe(true);
    expect(stored[0]!.row).toMatchObject({ message_id: '\uFFFD', message: 'a\uFFFDb\uFFFD' });
    expect(stored[1]!.row).toMatchObject({
      message_id: hostile[1]!.alert.message_id,
      message: `{"x",NULL}'"\\`,
    });
    expect(stored[2]!.row).toMatchObject({ message_id: 'NULL', message: 'NULL' });
    expect(stored[5]!.row.location).toBeNull();
    expect((await alerts.insertMany(hostile)).some(({ inserted }) => inserted)).toBe(false);
  });

  describe('an alert whose id another alert has', () => {
    let taken: AlertToStore;
    const expectItsOwnRow = async (stored: Awaited<ReturnType<AlertQueries['insertMany']>>) => {
      const row = stored.find(({ row: { message_id } }) => message_id === 'taken')?.row;
      expect(row?.alert_id).not.toBe(alertIdOf(taken.alert));
      expect(await alerts.byId(row?.alert_id ?? 0, STAFF_SCOPE)).toEqual(row);
      expect(await alerts.insertMany([taken])).toEqual([{ row, inserted: false }]);
    };
    beforeEach(async () => {
      taken = fromNorth({ message_id: 'taken' });
      await database.pool.query(
        `insert into device_alerts (id, source_id, message_id, topic, alert_type, severity, message, received_at,
           clock_suspect, raw)
         overriding system value
         values ($1, 'north-device-1', 'first', 't', 'panic', 'low', 'theirs', now(), false, '{}')`,
        [alertIdOf(taken.alert)],
      );
    });

    it('is stored under the next number of the sequence', async () => {
      const stored = await alerts.insertMany([taken]);
      expect(stored.map(({ inserted }) => inserted)).toEqual([true]);
      await expectItsOwnRow(stored);
    });

    it('is stored so among others, which keep their ids', async () => {
      const other = fromNorth({ message_id: 'other' });
      const stored = await alerts.insertMany([other, taken, fromNorth({ message_id: 'first' })]);
      expect(stored.map(({ inserted }) => inserted)).toEqual([true, true, false]);
      expect(stored[0]?.row.alert_id).toBe(alertIdOf(other.alert));
      await expectItsOwnRow(stored);
    });
  });

  it('asks once for an alert that ingest has stored ahead of its job', async () => {
    const [ahead] = await alerts.insertMany([fromNorth({ message_id: 'm1' })]);
    const query = vi.spyOn(database.pool, 'query');
    const [again] = await alerts.insertMany([{ ...fromNorth({ message_id: 'm1' }), isKnown: true }]);
    expect(query).toHaveBeenCalledTimes(1);
    query.mockRestore();
    expect(again).toEqual({ row: ahead?.row, inserted: false });
  });

  it('has nothing to do for an empty batch', async () => {
    expect(await alerts.insertMany([])).toEqual([]);
  });
});
