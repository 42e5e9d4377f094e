import type { GuardGpsEntry, SensorEntry, SystemHealthEntry } from '@bus/payload-schemas';
import { createDatabase } from '@bus/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { telemetryEntry } from '../fixtures/organisation.fixture.ts';
import { migratedDatabase, whileLocked, type TestDatabase } from '../fixtures/test-database.fixture.ts';
import { GuardLocationQueries } from './guard-location.queries.ts';
import { SensorReadingQueries } from './sensor-reading.queries.ts';
import { SystemHealthQueries } from './system-health.queries.ts';
import { TelemetryQueries } from './telemetry.queries.ts';
import { TIME_SERIES_TABLES, TimeSeriesPartitions } from './time-series-partitions.ts';

const NOW = new Date('2026-03-01T12:00:00.000Z');

let database: TestDatabase;
let telemetry: TelemetryQueries;
let partitions: TimeSeriesPartitions;

beforeAll(async () => {
  database = await migratedDatabase(await createDatabase(inject('databaseUrl')));
  telemetry = new TelemetryQueries(database.pool);
  partitions = new TimeSeriesPartitions(database.pool);
  await partitions.ensure(NOW);
});
afterAll(() => database.close());
beforeEach(() => database.pool.query(`truncate ${TIME_SERIES_TABLES.join(', ')}`));

async function placement(): Promise<Record<string, string>> {
  const { rows } = await database.pool.query<{ message_id: string; partition: string }>(
    'select message_id, tableoid::regclass::text as partition from device_telemetry',
  );
  return Object.fromEntries(rows.map((row) => [row.message_id, row.partition]));
}

const insertStatement = `insert into device_telemetry (source_id, message_id, device_time, received_at, clock_suspect,
  readings, raw) values ('north-device-1', $1, '2026-03-01T12:00:00Z', now(), false, '{}', '{}')`;

describe('TelemetryQueries', () => {
  it('stores every field as it came', async () => {
    const entry = telemetryEntry({
      message_id: 'm1',
      clock_suspect: true,
      raw: { any: ['thing', { nested: null }] },
    });
    expect(await telemetry.insertBatch([entry])).toEqual({ inserted: 1 });
    const { rows } = await database.pool.query('select * from device_telemetry');
    expect(rows).toEqual([
      {
        source_id: 'north-device-1',
        message_id: 'm1',
        device_time: new Date('2026-03-01T12:00:00.000Z'),
        received_at: new Date('2026-03-01T12:00:00.250Z'),
        stored_at: expect.any(Date),
        clock_suspect: true,
        battery: 81.5,
        signal: -67,
        temperature: 21.25,
        connectivity: 'lte',
        readings: { humidity: 40 },
        raw: { any: ['thing', { nested: null }] },
      },
    ]);
  });

  it('stores what is absent as null, and of a device nobody knows', async () => {
    const {
      battery: _b,
      signal: _s,
      temperature: _t,
      connectivity: _c,
      ...bare
    } = telemetryEntry({ message_id: 'm1' });
    expect(await telemetry.insertBatch([{ ...bare, device_id: 'never-registered' }])).toEqual({
      inserted: 1,
    });
    const { rows } = await database.pool.query(
      'select battery, signal, temperature, connectivity from device_telemetry',
    );
    expect(rows).toEqual([{ battery: null, signal: null, temperature: null, connectivity: null }]);
  });

  it('stores a message once, within a batch, again later, and from two processes at once', async () => {
    const batch = Array.from({ length: 200 }, (_, index) =>
      telemetryEntry({ message_id: `m${index % 100}` }),
    );
    expect(await telemetry.insertBatch(batch)).toEqual({ inserted: 100 });
    expect(await telemetry.insertBatch(batch)).toEqual({ inserted: 0 });

    const fresh = Array.from({ length: 300 }, (_, index) => telemetryEntry({ message_id: `n${index}` }));
    const results = await Promise.all(
      [fresh, fresh.toReversed(), fresh].map((entries) => telemetry.insertBatch(entries)),
    );
    expect(results.reduce((sum, result) => sum + result.inserted, 0)).toBe(300);
  });

  it('does not deadlock when two batches share messages in another order', async () => {
    const [first, middle, last] = ['a', 'm', 'z'].map((id) => telemetryEntry({ message_id: id }));
    const results = await whileLocked(database.pool, { text: insertStatement, values: ['m'] }, () =>
      [
        [first!, middle!, last!],
        [last!, middle!, first!],
      ].map((batch) => telemetry.insertBatch(batch)),
    );
    expect(results.reduce((sum, { inserted }) => sum + inserted, 0)).toBe(3);
  });

  it('takes the same message id from two devices for two messages', async () => {
    const batch = ['one', 'two'].map((device_id) => telemetryEntry({ message_id: '1', device_id }));
    expect(await telemetry.insertBatch(batch)).toEqual({ inserted: 2 });
  });

  it('does not choke on hostile values, alone or beside good ones', async () => {
    const hostile = [
      telemetryEntry({
        message_id: 'nul\u0000',
        connectivity: '\u0000',
        raw: { '\u0000': '\u0000', s: '\ud800' },
      }),
      telemetryEntry({ message_id: '{"a",NULL,\\}', connectivity: `"'\\,{}` }),
      telemetryEntry({ message_id: `'); drop table device_telemetry; --`, connectivity: 'NULL' }),
      telemetryEntry({ message_id: 'k'.repeat(5000), raw: { long: 'x'.repeat(100_000) } }),
      telemetryEntry({ message_id: 'numbers', battery: 1e308, signal: -1e308, temperature: 5e-324 }),
      telemetryEntry({ message_id: 'readings', readings: { '"}': 1e308, '\ud83d': -0 } }),
      telemetryEntry({ message_id: 'year', device_time: '+275760-09-13T00:00:00.000Z' }),
      telemetryEntry({ message_id: 'bc', device_time: '-271821-04-20T00:00:00.000Z' }),
      telemetryEntry({ message_id: 'plain' }),
    ];
    expect(await telemetry.insertBatch(hostile)).toEqual({ inserted: hostile.length });
    expect(await telemetry.insertBatch(hostile)).toEqual({ inserted: 0 });
    const { rows } = await database.pool.query<{ raw: unknown }>(
      `select raw from device_telemetry where message_id = 'nul\uFFFD'`,
    );
    expect(rows).toEqual([{ raw: { '\uFFFD': '\uFFFD', s: '\uFFFD' } }]);
  });

  it('has nothing to do for an empty batch', async () => {
    expect(await telemetry.insertBatch([])).toEqual({ inserted: 0 });
  });
});

describe('the other series', () => {
  const common = {
    message_id: 'm1',
    source_id: 's1',
    device_time: '2026-03-01T12:00:00.000Z',
    received_at: '2026-03-01T12:00:01.000Z',
    clock_suspect: false,
    raw: {},
  };

  it('stores guard positions; a claimed id no column can hold is left out', async () => {
    const queries = new GuardLocationQueries(database.pool);
    const entry: GuardGpsEntry = {
      ...common,
      lat: 54.5,
      lon: -10.25,
      accuracy: 3,
      guard_id: 2 ** 40,
      client_id: 1e300,
    };
    expect(await queries.insertBatch([entry, entry])).toEqual({ inserted: 1 });
    const { rows } = await database.pool.query(
      'select lat, lon, accuracy_m, claimed_guard_id, claimed_client_id from guard_locations',
    );
    expect(rows).toEqual([
      { lat: 54.5, lon: -10.25, accuracy_m: 3, claimed_guard_id: String(2 ** 40), claimed_client_id: null },
    ]);
  });

  it('stores sensor readings', async () => {
    const entry: SensorEntry = { ...common, type: 'smoke', value: 140.5, state: null };
    expect(await new SensorReadingQueries(database.pool).insertBatch([entry])).toEqual({ inserted: 1 });
    const { rows } = await database.pool.query('select sensor_type, value, state from sensor_readings');
    expect(rows).toEqual([{ sensor_type: 'smoke', value: 140.5, state: null }]);
  });

  it('stores health reports', async () => {
    const entry: SystemHealthEntry = { ...common, cpu: 12.5, memory: 40, disk: 80, uptime: 86_400 };
    expect(await new SystemHealthQueries(database.pool).insertBatch([entry])).toEqual({ inserted: 1 });
    const { rows } = await database.pool.query(
      'select cpu_percent, memory_percent, disk_percent, uptime_seconds from system_health',
    );
    expect(rows).toEqual([
      { cpu_percent: 12.5, memory_percent: 40, disk_percent: 80, uptime_seconds: 86_400 },
    ]);
  });
});

describe('TimeSeriesPartitions', () => {
  it('puts each day (UTC) into its own partition and absurd clocks into the default one', async () => {
    await telemetry.insertBatch([
      telemetryEntry({ message_id: 'first', device_time: '2026-03-01T00:00:00.000Z' }),
      telemetryEntry({ message_id: 'last', device_time: '2026-03-01T23:59:59.999Z' }),
      telemetryEntry({ message_id: 'next', device_time: '2026-03-02T00:00:00.000Z' }),
      telemetryEntry({ message_id: 'epoch', device_time: '1970-01-01T00:00:00.000Z' }),
      telemetryEntry({ message_id: 'future', device_time: '2099-01-01T00:00:00.000Z' }),
    ]);
    expect(await placement()).toEqual({
      first: 'device_telemetry_p20260301',
      last: 'device_telemetry_p20260301',
      next: 'device_telemetry_p20260302',
      epoch: 'device_telemetry_default',
      future: 'device_telemetry_default',
    });
  });

  it('makes only what is missing, however many processes ask', async () => {
    expect(await partitions.ensure(NOW)).toBe(0);
    const nextDay = new Date('2026-03-02T12:00:00.000Z');
    const made = await Promise.all([1, 2, 3].map(() => partitions.ensure(nextDay)));
    expect(made.reduce((sum, count) => sum + count, 0)).toBe(TIME_SERIES_TABLES.length);
  });

  it('moves rows that came before their day had a partition, and still knows them', async () => {
    const entry = telemetryEntry({ message_id: 'early', device_time: '2026-05-01T08:00:00.000Z' });
    await telemetry.insertBatch([entry]);
    expect(await placement()).toEqual({ early: 'device_telemetry_default' });
    await partitions.ensure(new Date('2026-05-01T09:00:00.000Z'));
    expect(await placement()).toEqual({ early: 'device_telemetry_p20260501' });
    expect(await telemetry.insertBatch([entry])).toEqual({ inserted: 0 });
  });

  it('drops old days, and absurd times by the day they arrived', async () => {
    await partitions.ensure(new Date('2026-01-10T00:00:00.000Z'));
    await telemetry.insertBatch([
      telemetryEntry({ message_id: 'old', device_time: '2026-01-10T08:00:00.000Z' }),
      telemetryEntry({ message_id: 'recent', device_time: '2026-03-01T08:00:00.000Z' }),
      telemetryEntry({
        message_id: 'absurd-old',
        device_time: '1970-01-01T00:00:00.000Z',
        received_at: '2026-01-10T08:00:00.000Z',
      }),
      telemetryEntry({
        message_id: 'absurd-recent',
        device_time: '1970-01-01T00:00:00.000Z',
        received_at: '2026-03-01T08:00:00.000Z',
      }),
    ]);
    expect(await partitions.dropExpired(30, NOW)).toBeGreaterThanOrEqual(TIME_SERIES_TABLES.length);
    expect(Object.keys(await placement()).toSorted()).toEqual(['absurd-recent', 'recent']);
    expect(await partitions.dropExpired(30, NOW)).toBe(0);
    await expect(partitions.dropExpired(0)).rejects.toThrow(RangeError);
  });

  it('reads a device back through the index', async () => {
    const { rows } = await database.pool.query<{ 'QUERY PLAN': string }>(
      `explain select * from device_telemetry where source_id = 'a' and device_time >= '2026-03-01' and
        device_time < '2026-03-02' order by device_time desc limit 50`,
    );
    const plan = rows.map((row) => row['QUERY PLAN']).join('\n');
    expect(plan).toContain('device_telemetry_p20260301');
    expect(plan).not.toContain('device_telemetry_p20260302');
    expect(plan).toMatch(/Index Scan/);
  });
});
