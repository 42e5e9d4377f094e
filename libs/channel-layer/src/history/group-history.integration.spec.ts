import { createRedisDatabase } from '@bus/testing';
import { Redis } from 'ioredis';
import { beforeAll, beforeEach, describe, expect, inject, it, vi } from 'vitest';
import { TestProcess, testKeys, type TestProcessOptions } from '../fixtures/channel-processes.fixture.ts';
import { closeAfterEach } from '../fixtures/close-after-each.fixture.ts';
import { GroupHistory } from './group-history.ts';
import type { HistoryResult } from './group-position.ts';

const opened = closeAfterEach();
let redisUrl: string;
let redis: Redis;
let group: string;
let groups = 0;

beforeAll(async () => {
  redisUrl = await createRedisDatabase(inject('redisUrl'));
  redis = new Redis(redisUrl);
  return () => redis.disconnect();
});
beforeEach(() => {
  groups += 1;
  group = `user_${groups}`;
});

const keys = testKeys();
const start = (options: Partial<TestProcessOptions> = {}): TestProcess =>
  opened(new TestProcess({ redisUrl, keys, ...options }));
const send = (process: TestProcess, n: number, eventId?: string): Promise<boolean> =>
  process.layer.broadcastToGroup({
    groupName: group,
    messageType: 'task_complete',
    data: { n },
    ...(eventId ? { eventId } : {}),
  });
const keyOf = (process: TestProcess, kind: 'h' | 'm'): string =>
  process.core.log.channelOf(group).replace(/c$/, kind);
function numbers(result: HistoryResult): unknown[] {
  if (result.result !== 'replayed') throw new Error(`gap: ${result.reason}`);
  return result.events.map(({ data }) => data.n);
}

describe('the history of a group', () => {
  it('begins at offset 0, in an epoch that stays', async () => {
    const process = start();
    const first = await process.history.position(group);
    expect(first).toEqual({ epoch: expect.stringMatching(/^[\w-]{8,64}$/), offset: '0' });
    expect(await process.history.position(group)).toEqual(first);
    expect(await send(process, 1)).toBe(true);
    expect(await process.history.position(group)).toEqual({ epoch: first.epoch, offset: '1' });
    expect(await process.history.since(group, first)).toMatchObject({
      result: 'replayed',
      epoch: first.epoch,
      offset: '1',
    });
  });

  it('gives what came after a position, in order and with its place, from any process', async () => {
    const [writer, reader] = [start(), start()];
    const { epoch } = await writer.history.position(group);
    for (let n = 1; n <= 450; n += 1) expect(await send(writer, n)).toBe(true);
    const all = await reader.history.since(group, { epoch, offset: '0' });
    expect(numbers(all)).toEqual(Array.from({ length: 450 }, (_, index) => index + 1));
    expect(all).toMatchObject({ epoch, offset: '450' });
    const places = all.result === 'replayed' ? all.events.map(({ offset }) => Number(offset)) : [];
    expect(places).toEqual(numbers(all));
    expect(numbers(await reader.history.since(group, { epoch, offset: '449' }))).toEqual([450]);
    expect(numbers(await reader.history.since(group, { epoch, offset: '450' }))).toEqual([]);
    const part = await reader.history.since(group, { epoch, offset: '100' }, 7);
    expect(numbers(part)).toEqual([101, 102, 103, 104, 105, 106, 107]);
    expect(part.offset).toBe('107');
  });

  it('numbers concurrent broadcasts of many processes without a hole', async () => {
    const processes = [start(), start(), start()];
    const { epoch } = await processes[0]!.history.position(group);
    await Promise.all(
      processes.flatMap((process, index) =>
        Array.from({ length: 50 }, (_, n) => send(process, index * 50 + n)),
      ),
    );
    const given = numbers(await processes[0]!.history.since(group, { epoch, offset: '0' })).map(Number);
    expect(given.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 150 }, (_, index) => index));
    for (const index of [0, 1, 2]) {
      const own = given.filter((n) => Math.floor(n / 50) === index);
      expect(own, 'one process keeps its order').toEqual(own.toSorted((a, b) => a - b));
    }
  });

  it('keeps exactly the bound; what is older is a gap', async () => {
    const process = start({ history: { maxEntries: 10 } });
    const { epoch } = await process.history.position(group);
    for (let n = 1; n <= 25; n += 1) await send(process, n);
    expect(await redis.xlen(keyOf(process, 'h'))).toBe(10);
    expect(numbers(await process.history.since(group, { epoch, offset: '15' }))).toHaveLength(10);
    expect(await process.history.since(group, { epoch, offset: '14' })).toEqual({
      result: 'gap',
      reason: 'trimmed',
      epoch,
      offset: '25',
    });
  });

  it('is a gap once it has expired, and expires', async () => {
    const process = start({ history: { historyTtlMs: 60_000 } });
    const { epoch } = await process.history.position(group);
    await send(process, 1);
    expect(await redis.pttl(keyOf(process, 'h'))).toBeGreaterThan(50_000);
    expect(await redis.pttl(keyOf(process, 'h'))).toBeLessThanOrEqual(60_000);
    expect(await redis.pttl(keyOf(process, 'm'))).toBeGreaterThan(24 * 60 * 60 * 1_000);
    await redis.del(keyOf(process, 'h'));
    expect(await process.history.since(group, { epoch, offset: '0' })).toMatchObject({
      result: 'gap',
      reason: 'trimmed',
    });
    await send(process, 2);
    expect(numbers(await process.history.since(group, { epoch, offset: '1' }))).toEqual([2]);
  });

  it('is a gap after Redis lost everything, and goes on in a new epoch', async () => {
    const process = start();
    const { epoch } = await process.history.position(group);
    for (let n = 1; n <= 3; n += 1) await send(process, n);
    await redis.flushdb();
    expect(await send(process, 4)).toBe(true);
    const lost = await process.history.since(group, { epoch, offset: '3' });
    expect(lost).toMatchObject({ result: 'gap', reason: 'epoch_changed', offset: '1' });
    expect(lost.epoch).not.toBe(epoch);
    expect(numbers(await process.history.since(group, { epoch: lost.epoch, offset: '0' }))).toEqual([4]);
  });

  it('is a gap for a position from the future', async () => {
    const process = start();
    await send(process, 1);
    const { epoch } = await process.history.position(group);
    expect(await process.history.since(group, { epoch, offset: '2' })).toEqual({
      result: 'gap',
      reason: 'ahead',
      epoch,
      offset: '1',
    });
  });

  it.each(['', '-1', '1.5', 'x', '0x1', '1'.repeat(21), '9007199254740993', '1 '])(
    'does not take %j for an offset',
    async (offset) => {
      const process = start();
      expect(await process.history.since(group, { epoch: 'e', offset })).toMatchObject({
        result: 'gap',
        reason: 'malformed',
      });
    },
  );

  it('begins a new epoch when a fail-over lost what a sender knows was shown', async () => {
    const process = start();
    const { epoch } = await process.history.position(group);
    for (let n = 1; n <= 5; n += 1) await send(process, n);
    // The replica that took over had only the first three.
    await redis.xdel(keyOf(process, 'h'), '4-0', '5-0');
    await redis.call('XSETID', keyOf(process, 'h'), '3-0');
    await redis.hset(keyOf(process, 'm'), 'o', '3');
    await send(process, 6);
    const answer = await process.history.since(group, { epoch, offset: '5' });
    expect(answer).toMatchObject({ result: 'gap', reason: 'epoch_changed', offset: '4' });
    expect(await start().history.since(group, { epoch: answer.epoch, offset: '3' })).toMatchObject({
      result: 'replayed',
      events: [{ data: { n: 6 } }],
    });
  });

  it('gives its newest events to whoever has no position, and one to go on from', async () => {
    const [writer, reader] = [start(), start()];
    expect(await reader.history.latest(group)).toEqual({
      ...(await reader.history.position(group)),
      events: [],
    });
    for (let n = 1; n <= 450; n += 1) await send(writer, n);
    const latest = await reader.history.latest(group, 250);
    expect(latest.events.map(({ data }) => data.n)).toEqual(
      Array.from({ length: 250 }, (_, index) => 201 + index),
    );
    expect(latest).toMatchObject(await reader.history.position(group));
    await send(writer, 451);
    expect(numbers(await reader.history.since(group, latest))).toEqual([451]);
  });

  it('gives as the newest events what is left, whatever was trimmed, lost or expired', async () => {
    const process = start({ history: { maxEntries: 10 } });
    for (let n = 1; n <= 25; n += 1) await send(process, n);
    await redis.xdel(keyOf(process, 'h'), '20-0', '25-0');
    const latest = await process.history.latest(group);
    expect(latest.events.map(({ data }) => data.n)).toEqual([16, 17, 18, 19, 21, 22, 23, 24]);
    expect(latest.offset).toBe('25');
    await redis.del(keyOf(process, 'h'));
    expect(await process.history.latest(group)).toEqual({ ...latest, events: [] });
  });

  it('has no newest events when it is lost while they are read', async () => {
    const process = start();
    for (let n = 1; n <= 3; n += 1) await send(process, n);
    const { reader } = process.core;
    const head = reader.head.bind(reader);
    vi.spyOn(reader, 'head').mockImplementationOnce(async (name) => {
      const answer = await head(name);
      await redis.flushdb();
      return answer;
    });
    const latest = await process.history.latest(group);
    expect(latest).toEqual({ ...(await process.history.position(group)), events: [] });
  });

  it('says that it cannot be read while Redis is away', async () => {
    const process = start();
    process.core.producer.disconnect();
    const history = new GroupHistory(process.core.reader);
    await expect(history.latest(group)).rejects.toThrow(/not connected/);
    expect(await history.since(group, { epoch: 'e', offset: '7' })).toEqual({
      result: 'gap',
      reason: 'unavailable',
      epoch: 'e',
      offset: '7',
    });
    await expect(history.position(group)).rejects.toThrow('closed');
  });
});

describe('an event id', () => {
  it('lets an event into a group once, and says true again', async () => {
    const [one, two] = [start(), start()];
    const position = await one.history.position(group);
    expect(await send(one, 1, 'alert-1')).toBe(true);
    expect(await send(two, 2, 'alert-1')).toBe(true);
    expect(await send(one, 3, 'alert-2')).toBe(true);
    expect(numbers(await one.history.since(group, position))).toEqual([1, 3]);
    const suppressed = await two.metrics.counter('bus_channel_duplicates_suppressed_total').get();
    expect(suppressed.values[0]?.value).toBe(1);
  });

  it('holds under concurrent attempts', async () => {
    const processes = [start(), start(), start()];
    const position = await processes[0]!.history.position(group);
    const results = await Promise.all(
      Array.from({ length: 60 }, (_, n) => send(processes[n % 3]!, n, `alert-${n % 5}`)),
    );
    expect(results.every(Boolean)).toBe(true);
    expect(numbers(await processes[0]!.history.since(group, position))).toHaveLength(5);
  });

  it('belongs to its group, and is forgotten in time', async () => {
    const process = start({ history: { eventIdTtlMs: 60_000 } });
    expect(await send(process, 1, 'alert-1')).toBe(true);
    const seen = (await redis.keys('*:s:*')).filter((key) =>
      key.startsWith(keyOf(process, 'h').slice(0, -1)),
    );
    expect(seen).toHaveLength(1);
    expect(seen[0]).not.toContain('alert-1');
    const ttl = await redis.pttl(seen[0]!);
    expect(ttl > 50_000 && ttl <= 60_000).toBe(true);
    const other = group;
    group = `${group}0`;
    const position = await process.history.position(group);
    await send(process, 2, 'alert-1');
    expect(numbers(await process.history.since(group, position)), `not held back by ${other}`).toEqual([2]);
  });
});
