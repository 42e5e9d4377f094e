import { startRedis, waitFor, type RedisServer } from '@bus/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createSealedEmitter } from './sealed-redis/sealed-emitter.ts';
import { TestGateway, TestProcess, testKeys } from './fixtures/channel-processes.fixture.ts';
import { closeAfterEach } from './fixtures/close-after-each.fixture.ts';
import { RedisSpy } from './fixtures/redis-spy.fixture.ts';
import { TestClient } from './fixtures/test-client.fixture.ts';

let redis: RedisServer;
const opened = closeAfterEach();
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis.stop());

const GROUP = 'tenant_4711';
const SECRETS = [
  'MESSAGE-SECRET',
  'TOKEN-SECRET',
  'HEADER-SECRET',
  'SOCKET-DATA-SECRET',
  'SIDE-EMIT-SECRET',
  'SIDE-ANSWER-SECRET',
  'CLIENT-ANSWER-SECRET',
  'EVENT-ID-SECRET',
  'TASK-SECRET',
  'remote-room',
  GROUP,
  'noc_dashboard',
];

describe('an intruder who hears and reads everything in Redis', () => {
  it('learns no message, no token, no header and no group name from anything the processes do', async () => {
    const keys = testKeys();
    const spy = opened(await RedisSpy.start(redis.url));
    const [one, two] = await Promise.all([
      TestGateway.start({ redisUrl: redis.url, keys }),
      TestGateway.start({ redisUrl: redis.url, keys }),
    ]);
    opened(one);
    opened(two);
    const worker = opened(new TestProcess({ redisUrl: redis.url, keys }));
    const [a, b] = [opened(new TestClient([GROUP, 'noc_dashboard'])), opened(new TestClient([GROUP]))];
    await a.connect(one.url, { token: 'TOKEN-SECRET' });
    await b.connect(two.url, { token: 'TOKEN-SECRET' });
    for (const socket of two.io.sockets.sockets.values()) socket.data = { note: 'SOCKET-DATA-SECRET' };

    // Events, with and without history, to groups and to everyone.
    for (let n = 1; n <= 3; n += 1) {
      const data = { n, text: 'MESSAGE-SECRET' };
      const content = {
        messageType: 'tenant_alert',
        data,
        eventId: `EVENT-ID-SECRET-${n}`,
        taskName: 'TASK-SECRET',
      } as const;
      expect(await worker.layer.broadcastToTenant({ tenantId: 4711, ...content })).toBe(true);
    }
    await waitFor(() => a.events.length === 3 && b.events.length === 3);
    expect(await worker.history.since(GROUP, { epoch: a.events[0]!.epoch, offset: '0' })).toMatchObject({
      events: { length: 3 },
    });
    await b.connect(one.url, { token: 'TOKEN-SECRET' });
    await b.connect(two.url, { token: 'TOKEN-SECRET' });
    for (const socket of two.io.sockets.sockets.values()) socket.data = { note: 'SOCKET-DATA-SECRET' };

    // Everything the adapters ask and answer each other.
    const heard: unknown[] = [];
    b.socket.on('plain', (text: unknown) => heard.push(text));
    one.io.to(GROUP).emit('plain', 'MESSAGE-SECRET');
    one.io.emit('plain', 'MESSAGE-SECRET');
    await waitFor(() => heard.length === 2);

    const sockets = await one.io.in(GROUP).fetchSockets();
    expect(sockets.map((socket) => socket.handshake.auth.token)).toEqual(['TOKEN-SECRET', 'TOKEN-SECRET']);
    expect(sockets.map((socket) => (socket.data as { note?: string }).note)).toContain('SOCKET-DATA-SECRET');

    two.io.on('hello', (_text: string, answer: (text: string) => void) => answer('SIDE-ANSWER-SECRET'));
    expect(await one.io.serverSideEmitWithAck('hello', 'SIDE-EMIT-SECRET')).toEqual(['SIDE-ANSWER-SECRET']);

    b.socket.on('question', (answer: (text: string) => void) => answer('CLIENT-ANSWER-SECRET'));
    a.socket.on('question', (answer: (text: string) => void) => answer('CLIENT-ANSWER-SECRET'));
    expect(await one.io.timeout(2_000).to(GROUP).emitWithAck('question')).toEqual([
      'CLIENT-ANSWER-SECRET',
      'CLIENT-ANSWER-SECRET',
    ]);

    one.io.in(GROUP).socketsJoin('remote-room');
    await waitFor(() => two.io.of('/').adapter.rooms.has('remote-room'));
    const adapter = one.io.of('/').adapter as unknown as {
      allRooms(): Promise<Set<string>>;
      serverCount(): Promise<number>;
    };
    expect(await adapter.allRooms()).toContain('remote-room');
    expect(await adapter.serverCount()).toBe(2);
    one.io.in(GROUP).socketsLeave('remote-room');
    await waitFor(() => !two.io.of('/').adapter.rooms.has('remote-room'));

    const emitter = createSealedEmitter(worker.core);
    emitter.to(GROUP).emit('plain', 'MESSAGE-SECRET');
    await waitFor(() => heard.length === 3);
    emitter.in('noc_dashboard').disconnectSockets(true);
    await waitFor(() => a.disconnects > 0);
    expect(b.socket.connected).toBe(true);

    const everything = await spy.everything();
    expect(spy.messages.length).toBeGreaterThan(15);
    expect(spy.commands).toContain('"evalsha"');
    expect(spy.commands.match(/"publish"/gi)?.length).toBeGreaterThan(10);
    expect(everything).toContain('bus:cl:{');
    expect(SECRETS.filter((secret) => everything.includes(secret))).toEqual([]);
    for (const process of [one, two, worker]) expect(await process.allRejected()).toBe(0);
  });
});
