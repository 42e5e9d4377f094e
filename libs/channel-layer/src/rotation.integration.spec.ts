import { randomBytes } from 'node:crypto';
import { startRedis, waitFor, type RedisServer } from '@bus/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { TestGateway, TestProcess, testKeys } from './fixtures/channel-processes.fixture.ts';
import { closeAfterEach } from './fixtures/close-after-each.fixture.ts';
import { TestClient } from './fixtures/test-client.fixture.ts';

let redis: RedisServer;
const opened = closeAfterEach();
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis.stop());

it('keys rotate without downtime: processes of every stage work together', async () => {
  const [a, b, routing] = [randomBytes(32), randomBytes(32), randomBytes(32)];
  const stages = { added: [a, b], switched: [b, a], removed: [b] };
  const optionsOf = (encryption: Uint8Array[]) => ({
    redisUrl: redis.url,
    keys: testKeys(encryption, routing),
  });
  const before = opened(await TestGateway.start(optionsOf(stages.added)));
  const after = opened(await TestGateway.start(optionsOf(stages.switched)));
  const workers = [stages.added, stages.switched].map((keys) => opened(new TestProcess(optionsOf(keys))));
  const clients = [opened(new TestClient(['user_1'])), opened(new TestClient(['user_1']))];
  await clients[0]!.connect(before.url);
  await clients[1]!.connect(after.url);

  for (let n = 1; n <= 7; n += 1) {
    expect(
      await workers[n % 2]!.layer.broadcastToUser({ userId: 1, messageType: 'task_complete', data: { n } }),
    ).toBe(true);
  }
  await waitFor(() => clients.every((client) => client.events.length === 7));
  for (const client of clients) expect(client.numbers('user_1')).toEqual([1, 2, 3, 4, 5, 6, 7]);
  for (const gateway of [before, after]) expect((await gateway.io.fetchSockets()).length).toBe(2);

  // The old key is gone: what it sealed is an explicit gap, what the new one sealed is there.
  const removed = opened(await TestGateway.start(optionsOf(stages.removed)));
  const late = opened(new TestClient(['user_1']));
  const { epoch } = clients[0]!.position('user_1')!;
  late.setPosition('user_1', { epoch, offset: '3' });
  expect(await late.connect(removed.url)).toMatchObject([
    { result: 'gap', reason: 'unreadable', offset: '7' },
  ]);
  late.setPosition('user_1', { epoch, offset: '6' });
  expect(await late.connect(removed.url)).toMatchObject([{ result: 'replayed', replayed: 1, offset: '7' }]);
  expect(await removed.rejected('unknown_key')).toBeGreaterThan(0);
});

it('a process with a key nobody else has is not heard, and says nothing to anyone', async () => {
  const routing = randomBytes(32);
  const gateway = opened(
    await TestGateway.start({ redisUrl: redis.url, keys: testKeys(undefined, routing) }),
  );
  const stranger = opened(new TestProcess({ redisUrl: redis.url, keys: testKeys(undefined, routing) }));
  const client = opened(new TestClient(['user_2']));
  await client.connect(gateway.url);
  expect(await stranger.layer.broadcastToUser({ userId: 2, messageType: 'task_complete', data: {} })).toBe(
    true,
  );
  // It was taken into the history, so the browsers are told that something is missing rather than nothing.
  await waitFor(() => client.gaps.length === 1);
  expect(client.gaps[0]).toMatchObject({ reason: 'unreadable', offset: '1' });
  expect(client.events).toEqual([]);
  expect(await gateway.rejected('unknown_key')).toBeGreaterThan(0);
});
