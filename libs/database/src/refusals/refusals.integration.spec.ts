import { createDatabase } from '@bus/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { migratedDatabase, type TestDatabase } from '../fixtures/test-database.fixture.ts';
import { DeadLetterQueries, type DeadLetter } from './dead-letter.queries.ts';
import { QUARANTINE_LIMITS, QuarantineQueries, type RefusedMessage } from './quarantine.queries.ts';

let database: TestDatabase;

beforeAll(async () => {
  database = await migratedDatabase(await createDatabase(inject('databaseUrl')));
});
afterAll(() => database.close());
beforeEach(() => database.pool.query('truncate quarantine, dead_letters'));

const refused = (fields: Partial<RefusedMessage> = {}): RefusedMessage => ({
  topic: 'device/d1/telemetry',
  sourceId: 'd1',
  messageId: 'm1',
  reason: 'schema',
  detail: 'battery must be a number from 0 to 100',
  payload: Buffer.from('{"battery":"x"}'),
  receivedAt: '2026-03-01T12:00:00.000Z',
  ...fields,
});

const letter = (fields: Partial<DeadLetter> = {}): DeadLetter => ({
  queue: 'critical',
  taskName: 'process_device_alert',
  jobId: 'j1',
  params: { message_id: 'm1' },
  reason: 'attempts_exhausted',
  detail: 'connection refused',
  attempts: 6,
  correlationId: 'c1',
  failedAt: new Date('2026-03-01T12:00:00.000Z'),
  ...fields,
});

describe('QuarantineQueries', () => {
  it('keeps a message byte for byte', async () => {
    const quarantine = new QuarantineQueries(database.pool);
    const payload = Buffer.from([0, 255, 0xc3, 0x28, 34]);
    const id = await quarantine.record(refused({ payload, topic: 'device/\u0000/x', detail: null }));
    expect(await quarantine.list({ limit: 10 })).toEqual([
      {
        ...refused(),
        topic: 'device/\uFFFD/x',
        detail: null,
        payload,
        quarantineId: id,
        payloadBytes: 5,
        isTruncated: false,
        replayedAt: null,
      },
    ]);
    await quarantine.markReplayed(id);
    expect((await quarantine.list({ limit: 1 }))[0]?.replayedAt).toMatch(/^\d{4}-/);
  });

  it('cuts what is too large and says so', async () => {
    const quarantine = new QuarantineQueries(database.pool);
    await quarantine.record(refused({ payload: Buffer.alloc(QUARANTINE_LIMITS.payloadBytes + 1, 'x') }));
    const [kept] = await quarantine.list({ limit: 1 });
    expect(kept).toMatchObject({ payloadBytes: QUARANTINE_LIMITS.payloadBytes + 1, isTruncated: true });
    expect(kept?.payload).toHaveLength(QUARANTINE_LIMITS.payloadBytes);
  });

  it('lets the oldest go, and does not let one source push out the others', async () => {
    const quarantine = new QuarantineQueries(database.pool);
    const limits = { messages: 8, messagesPerSource: 3 };
    await quarantine.record(refused({ sourceId: 'quiet' }), limits);
    for (let index = 0; index < 6; index += 1) {
      await quarantine.record(refused({ sourceId: 'noisy', messageId: `n${index}` }), limits);
    }
    const kept = await quarantine.list({ limit: 100 });
    expect(kept.map((message) => message.messageId)).toEqual(['n5', 'n4', 'n3', 'm1']);

    for (let index = 0; index < 20; index += 1) await quarantine.record(refused({ sourceId: null }), limits);
    expect(await quarantine.count()).toBe(8);
  });

  it('lists by source, reason and page', async () => {
    const quarantine = new QuarantineQueries(database.pool);
    for (const sourceId of ['a', 'b', 'a', 'b', 'a']) await quarantine.record(refused({ sourceId }));
    await quarantine.record(refused({ sourceId: 'a', reason: 'size' }));
    const first = await quarantine.list({ limit: 2, sourceId: 'a', reason: 'schema' });
    const rest = await quarantine.list({
      limit: 2,
      sourceId: 'a',
      reason: 'schema',
      beforeId: first[1]!.quarantineId,
    });
    expect([first.length, rest.length]).toEqual([2, 1]);
    expect(rest[0]!.quarantineId).toBeLessThan(first[1]!.quarantineId);
  });
});

describe('DeadLetterQueries', () => {
  it('keeps a death once, and a second death of the same job as well', async () => {
    const letters = new DeadLetterQueries(database.pool);
    await letters.record(letter());
    await letters.record(letter());
    await letters.record(
      letter({ failedAt: new Date('2026-03-01T13:00:00.000Z'), params: { '\u0000': '\ud800' } }),
    );
    const kept = await letters.list({ limit: 10 });
    expect(kept).toHaveLength(2);
    expect(kept[1]).toMatchObject({ ...letter(), status: 'open', handledBy: null, handledAt: null });
    expect(kept[0]!.params).toEqual({ '\uFFFD': '\uFFFD' });
  });

  it('is closed by one person only, and then no longer counted', async () => {
    const letters = new DeadLetterQueries(database.pool);
    await letters.record(letter());
    await letters.record(letter({ queue: 'email', jobId: 'j2' }));
    expect(await letters.openByQueue()).toEqual(
      new Map([
        ['critical', 1],
        ['email', 1],
      ]),
    );
    const [open] = await letters.list({ limit: 10, queue: 'critical', status: 'open' });
    const closed = await Promise.all(
      [1, 2, 3].map(() => letters.close(open!.deadLetterId, 'requeued', null)),
    );
    expect(closed.filter(Boolean)).toHaveLength(1);
    expect(await letters.openByQueue()).toEqual(new Map([['email', 1]]));
    expect(await letters.list({ limit: 10, status: 'requeued' })).toHaveLength(1);
  });

  it('deletes what was handled long ago, the oldest first, and never an open letter', async () => {
    const letters = new DeadLetterQueries(database.pool);
    for (const jobId of ['open', 'old', 'older', 'new']) await letters.record(letter({ jobId }));
    await database.pool.query(
      `update dead_letters set status = 'discarded', handled_at = now() - age
       from (values ('old', interval '31 days'), ('older', interval '32 days'), ('new', interval '29 days'))
         handled (job, age) where job = job_id`,
    );
    const kept = async () => (await letters.list({ limit: 10 })).map(({ jobId }) => jobId);
    expect(await letters.purgeHandled(30, 1)).toBe(1);
    expect(await kept()).toEqual(['new', 'old', 'open']);
    expect(await letters.purgeHandled(30, 10)).toBe(1);
    expect(await kept()).toEqual(['new', 'open']);
  });
});
