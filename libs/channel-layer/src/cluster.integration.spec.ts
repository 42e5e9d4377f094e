import { startRedisCluster, waitFor, type RedisCluster } from '@bus/testing';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestGateway, TestProcess, testKeys } from './fixtures/channel-processes.fixture.ts';
import { closeAfterEach } from './fixtures/close-after-each.fixture.ts';
import { TestClient } from './fixtures/test-client.fixture.ts';

let cluster: RedisCluster;
let redisUrl: string;
const opened = closeAfterEach();

beforeAll(async () => {
  cluster = await startRedisCluster();
  redisUrl = cluster.url;
});
afterAll(() => cluster.stop());

describe('on a Redis Cluster', () => {
  it('groups live in one slot each, and broadcasts, histories, resume and adapter requests work', async () => {
    const keys = testKeys();
    const worker = opened(new TestProcess({ redisUrl, keys }));
    const one = opened(await TestGateway.start({ redisUrl, keys, checkIntervalMs: 200 }));
    const two = opened(await TestGateway.start({ redisUrl, keys, checkIntervalMs: 200 }));
    const groups = Array.from({ length: 12 }, (_, index) => `user_${index}`);
    const clients = [opened(new TestClient(groups)), opened(new TestClient(groups))];
    await clients[0]!.connect(one.url);
    await clients[1]!.connect(two.url);

    const sendAll = (n: number): Promise<boolean[]> =>
      worker.layer.broadcastMany(
        groups.map((groupName) => ({
          groupName,
          messageType: 'alert_updated',
          data: { n },
          eventId: `${n}`,
        })),
      );
    for (let n = 1; n <= 20; n += 1) expect(await sendAll(n)).toEqual(groups.map(() => true));
    expect(await sendAll(20), 'again, by event id').toEqual(groups.map(() => true));
    await waitFor(() => clients.every((client) => client.events.length === 20 * groups.length));

    clients[0]!.close();
    for (let n = 21; n <= 25; n += 1) expect(await sendAll(n)).toEqual(groups.map(() => true));
    const results = await clients[0]!.connect(two.url);
    // A group whose events are still on their way between the nodes has nothing to replay yet.
    expect(results.every(({ result }) => result === 'replayed' || result === 'live')).toBe(true);
    await waitFor(() => clients.every((client) => client.events.length === 25 * groups.length));
    for (const client of clients) {
      for (const group of groups)
        expect(client.numbers(group)).toEqual(Array.from({ length: 25 }, (_, index) => index + 1));
      expect(client.gaps).toEqual([]);
    }

    expect((await one.io.fetchSockets()).length).toBe(2);
    two.io.on('hello', (answer: (text: string) => void) => answer('here'));
    expect(await one.io.serverSideEmitWithAck('hello')).toEqual(['here']);
    expect(await worker.layer.checkHealth()).toMatchObject({ healthy: true });
  });

  it('a subscription that breaks on every node costs no event', async () => {
    const keys = testKeys();
    const worker = opened(new TestProcess({ redisUrl, keys }));
    const gateway = opened(await TestGateway.start({ redisUrl, keys, checkIntervalMs: 200 }));
    const groups = ['tenant_1', 'tenant_2', 'tenant_3', 'tenant_4'];
    const client = opened(new TestClient(groups));
    await client.connect(gateway.url);
    const admins = cluster.nodes.map(({ url }) => new Redis(url));
    for (let n = 1; n <= 60; n += 1) {
      if (n % 20 === 0)
        await Promise.all(admins.map((admin) => admin.call('CLIENT', 'KILL', 'TYPE', 'pubsub')));
      for (const groupName of groups) {
        expect(
          await worker.layer.broadcastToGroup({ groupName, messageType: 'tenant_alert', data: { n } }),
        ).toBe(true);
      }
    }
    for (const admin of admins) admin.disconnect();
    await waitFor(() => client.events.length === 60 * groups.length);
    for (const group of groups)
      expect(client.numbers(group)).toEqual(Array.from({ length: 60 }, (_, index) => index + 1));
    expect(client.gaps).toEqual([]);
  });
});
