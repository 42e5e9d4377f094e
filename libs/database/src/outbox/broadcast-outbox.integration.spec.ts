import { createDatabase } from '@bus/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { migratedDatabase, type TestDatabase } from '../fixtures/test-database.fixture.ts';
import { BroadcastOutboxQueries, type UndeliveredBroadcast } from './broadcast-outbox.queries.ts';

let database: TestDatabase;
let outbox: BroadcastOutboxQueries;

beforeAll(async () => {
  database = await migratedDatabase(await createDatabase(inject('databaseUrl')));
  outbox = new BroadcastOutboxQueries(database.pool);
});
afterAll(() => database.close());
beforeEach(() => database.pool.query('truncate broadcast_outbox'));

const broadcast = (eventId: string, groupName = 'noc_dashboard'): UndeliveredBroadcast => ({
  target: 'noc_dashboard',
  groupName,
  messageType: 'critical_alert',
  data: { text: `\u0000${eventId}` },
  priority: 'critical',
  eventId,
  taskId: 't1',
  taskName: null,
  timestamp: '2026-03-01T12:00:00.000Z',
});

const eventsWaiting = async () => (await outbox.take(100)).map(({ eventId }) => eventId);

describe('BroadcastOutboxQueries', () => {
  it('gives back what was kept, in order, until it is done', async () => {
    for (const eventId of ['e1', 'e2', 'e3']) await outbox.keep(broadcast(eventId));
    const taken = await outbox.take(2);
    expect(taken).toEqual(
      ['e1', 'e2'].map((eventId) => ({
        ...broadcast(eventId),
        data: { text: `\uFFFD${eventId}` },
        id: expect.any(String),
      })),
    );
    expect(await eventsWaiting()).toEqual(['e1', 'e2', 'e3']);
    await outbox.done([...taken.map(({ id }) => id), '999999', 'no id at all']);
    await outbox.done([]);
    expect(await eventsWaiting()).toEqual(['e3']);
  });

  it('keeps an event once for each group', async () => {
    await outbox.keep(broadcast('e1'));
    await outbox.keep(broadcast('e1'));
    await outbox.keep(broadcast('e1', 'tenant_1'));
    expect((await outbox.backlog()).broadcasts).toBe(2);
  });

  it('tells how many wait and for how long', async () => {
    expect(await outbox.backlog()).toEqual({ broadcasts: 0, oldestAgeSeconds: 0 });
    await outbox.keep(broadcast('e1'));
    await database.pool.query(`update broadcast_outbox set kept_at = now() - interval '1 hour'`);
    const { broadcasts, oldestAgeSeconds } = await outbox.backlog();
    expect(broadcasts).toBe(1);
    expect(Math.round(oldestAgeSeconds / 60)).toBe(60);
  });
});
