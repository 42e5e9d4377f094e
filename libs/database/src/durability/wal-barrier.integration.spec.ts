import { createDatabase, startPostgres, type PostgresServer } from '@bus/testing';
import { afterAll, beforeAll, describe, expect, inject, it, vi } from 'vitest';
import { AlertQueries } from '../alerts/alert.queries.ts';
import { alertJob } from '../fixtures/organisation.fixture.ts';
import { migratedDatabase, type TestDatabase } from '../fixtures/test-database.fixture.ts';
import { WalBarrier } from './wal-barrier.ts';

describe('WalBarrier', () => {
  let server: PostgresServer;
  let database: TestDatabase;

  beforeAll(async () => {
    // Nothing but the barrier may write the log to disk while the spec looks.
    server = await startPostgres({ settings: { wal_writer_delay: '10s', autovacuum: 'off' } });
    database = await migratedDatabase(await server.createDatabase());
  });
  afterAll(async () => {
    await database?.close();
    await server?.stop();
  });

  const put = (messageId: string) =>
    new AlertQueries(database.pool).insertMany([
      { alert: alertJob({ message_id: messageId, device_time: null }), device: null },
    ]);
  const isStored = async (messageId: string) =>
    (await database.pool.query('select from device_alerts where message_id = $1', [messageId])).rowCount ===
    1;
  const crash = async () => {
    await server.kill('SIGKILL');
    await server.restart();
  };

  it('keeps what was committed before through a crash, which without it may be gone', async () => {
    await put('kept');
    await new WalBarrier(database.pool).passed();
    await put('at risk');
    expect(await isStored('at risk')).toBe(true);
    await crash();
    expect(await isStored('kept')).toBe(true);
    expect(await isStored('at risk')).toBe(false);
  });

  it('rejects while Postgres is away, and works again afterwards', async () => {
    const barrier = new WalBarrier(database.pool);
    await server.kill('SIGKILL');
    await expect(barrier.passed()).rejects.toThrow(/connect|terminat|closed|administrator|ECONN/i);
    await server.restart();
    await put('after');
    await barrier.passed();
    expect(await isStored('after')).toBe(true);
  });
});

describe('WalBarrier for many', () => {
  it('asks once for all who come while a question is on its way, and not with that question', async () => {
    const database = await migratedDatabase(await createDatabase(inject('databaseUrl')));
    try {
      const query = vi.spyOn(database.pool, 'query');
      const barrier = new WalBarrier(database.pool);
      await Promise.all(Array.from({ length: 20 }, () => barrier.passed()));
      expect(query).toHaveBeenCalledTimes(2);
      await barrier.passed();
      expect(query).toHaveBeenCalledTimes(3);
    } finally {
      await database.close();
    }
  });
});
