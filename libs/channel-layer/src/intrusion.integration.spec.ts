import { startRedis, waitFor, type RedisServer } from '@bus/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SeededRandom } from './fixtures/random.fixture.ts';
import { KeyRing } from './seal/key-ring.ts';
import { Sealer } from './seal/sealer.ts';
import { SealedPublisher } from './sealed-redis/sealed-publisher.ts';
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

const GROUP = 'noc_dashboard';

async function scene(): Promise<{
  spy: RedisSpy;
  one: TestGateway;
  two: TestGateway;
  worker: TestProcess;
  client: TestClient;
}> {
  const keys = testKeys();
  const spy = opened(await RedisSpy.start(redis.url));
  const one = opened(await TestGateway.start({ redisUrl: redis.url, keys }));
  const two = opened(await TestGateway.start({ redisUrl: redis.url, keys }));
  const worker = opened(new TestProcess({ redisUrl: redis.url, keys }));
  const client = opened(new TestClient([GROUP]));
  await client.connect(one.url);
  return { spy, one, two, worker, client };
}

const send = (worker: TestProcess, n: number): Promise<boolean> =>
  worker.layer.broadcastToNocDashboard({ messageType: 'critical_alert', data: { n } });

describe('an intruder who may publish', () => {
  it('cannot have any message of the past delivered or carried out again', async () => {
    const { spy, one, two, worker, client } = await scene();
    const heard: string[] = [];
    client.socket.on('plain', (text: string) => heard.push(text));
    expect(await send(worker, 1)).toBe(true);
    two.io.emit('plain', 'hello');
    two.io.in('somewhere else').disconnectSockets(true);
    await waitFor(() => client.events.length === 1 && heard.length === 1);
    // The request that was carried out for nobody would now end this client.
    const [socket] = one.io.sockets.sockets.values();
    await socket!.join('somewhere else');

    const recorded = [...spy.messages];
    expect(recorded.length).toBeGreaterThanOrEqual(3);
    for (const { channel, message } of recorded) {
      await spy.client.publish(channel, message);
      await spy.client.publish(channel, message);
    }
    await waitFor(async () => (await one.rejected('replayed')) >= recorded.length * 2);

    expect(await send(worker, 2)).toBe(true);
    await waitFor(() => client.events.length >= 2);
    expect(client.numbers(GROUP)).toEqual([1, 2]);
    expect(heard).toEqual(['hello']);
    expect(client.disconnects).toBe(0);
  });

  it('cannot forge, alter or move a message, and garbage harms nobody', async () => {
    const { spy, one, two, worker, client } = await scene();
    const heard: unknown[] = [];
    client.socket.on('plain', (text: unknown) => heard.push(text));
    expect(await send(worker, 1)).toBe(true);
    two.io.emit('plain', 'hello');
    await one.io.fetchSockets();
    await waitFor(() => client.events.length === 1 && heard.length === 1);

    const recorded = [...spy.messages];
    const channels = [...new Set(recorded.map(({ channel }) => channel))];
    const random = new SeededRandom(1);
    const forgeries: { channel: string; message: Buffer | string }[] = [];
    for (const channel of channels) {
      for (const { message } of recorded) {
        // Moved to another channel, altered anywhere, cut off, or with another place in the history.
        if (recorded.every((other) => other.channel !== channel || other.message !== message))
          forgeries.push({ channel, message });
        for (let change = 0; change < 10; change += 1) {
          const altered = Buffer.from(message);
          const at = random.below(altered.length);
          altered[at] = (altered[at] ?? 0) ^ (1 + random.below(255));
          forgeries.push({ channel, message: altered });
        }
        forgeries.push({ channel, message: message.subarray(0, random.below(message.length)) });
        forgeries.push({ channel, message: Buffer.concat([Buffer.from('ffff 99\n'), message]) });
        forgeries.push({
          channel,
          message: Buffer.concat([Buffer.from(`${client.position(GROUP)!.epoch} 2\n`), message]),
        });
      }
      // What the adapters would obey if it were not for the seal.
      forgeries.push({
        channel,
        message: JSON.stringify({ type: 4, opts: { rooms: [], except: [] }, close: true }),
      });
      forgeries.push({ channel, message: JSON.stringify({ type: 6, uid: 'x', data: ['hello'] }) });
      forgeries.push(
        { channel, message: '' },
        { channel, message: '{' },
        { channel, message: Buffer.alloc(70_000, 0xff) },
      );
    }
    const before = await one.allRejected();
    for (const { channel, message } of forgeries) await spy.client.publish(channel, message);

    expect(await send(worker, 2)).toBe(true);
    await waitFor(() => client.events.length >= 2);
    two.io.emit('plain', 'still there');
    await waitFor(() => heard.length >= 2);
    expect(client.numbers(GROUP)).toEqual([1, 2]);
    expect(heard).toEqual(['hello', 'still there']);
    expect(client.gaps).toEqual([]);
    expect(client.disconnects).toBe(0);
    expect((await one.io.fetchSockets()).length).toBe(1);
    // Responses addressed to the other gateway are not heard here; every other forgery was counted.
    const heardByOne = forgeries.filter(
      ({ channel }) => one.core.channels.wireOf(`bus-response#/#${responseUid(two)}#`) !== channel,
    );
    expect((await one.allRejected()) - before).toBe(heardByOne.length);
  });

  it('cannot push a group off its place with the header of a genuine message', async () => {
    const { spy, one, worker, client } = await scene();
    expect(await send(worker, 1)).toBe(true);
    await waitFor(() => client.events.length === 1);
    // A message this gateway has not heard yet, caught on its way and given another place.
    const keys = { epoch: client.position(GROUP)!.epoch, channel: one.core.log.channelOf(GROUP) };
    const genuine = worker.core.sealer.seal(
      keys.channel,
      JSON.stringify({ type: 'critical_alert', data: { n: 99 }, group: GROUP }),
    );
    await spy.client.publish(keys.channel, Buffer.concat([Buffer.from(`${keys.epoch} 5000\n`), genuine]));
    await waitFor(async () => (await one.rejected('replayed')) === 1);
    expect(await send(worker, 2)).toBe(true);
    await waitFor(() => client.events.length >= 2);
    expect(client.numbers(GROUP)).toEqual([1, 2]);
    expect(client.gaps).toEqual([]);
  });
});

describe('an authentic message that makes no sense', () => {
  it('as from a newer version, is counted and harms nobody', async () => {
    const { one, worker, client } = await scene();
    const publisher = new SealedPublisher(worker.core.producer, worker.core.sealer, worker.core.channels);
    await publisher.publish('bus-request#/#', '{"type":5,"requestId":"x"}');
    await publisher.publish('bus-request#/#', 'not even JSON');
    await publisher.publish('bus#/#', 'no packet either');
    const seal = (channel: string): Buffer => worker.core.sealer.seal(channel, '{"type":"critical_alert"}');
    await worker.core.log.append(GROUP, seal);
    await waitFor(async () => (await one.rejected('malformed')) >= 3);
    expect(await send(worker, 2)).toBe(true);
    await waitFor(() => client.events.length === 1);
    expect(client.numbers(GROUP)).toEqual([2]);
    expect(client.gaps).toMatchObject([{ reason: 'unreadable', offset: '1' }]);
    expect(client.disconnects).toBe(0);
  });
});

describe('a process with a wrong clock', () => {
  it.each([
    ['ten minutes ahead', 10],
    ['nine minutes behind', -9],
    ['half an hour ahead', 30],
    ['a day behind', -1_440],
  ])('%s is heard in time, and in order', async (_what, minutes) => {
    const { worker, client } = await scene();
    const shifted = new Sealer(
      new KeyRing(worker.keys.encryptionKeys()),
      () => Date.now() + minutes * 60_000,
    );
    Object.assign(worker.core, { sealer: shifted });
    for (let n = 1; n <= 5; n += 1) expect(await send(worker, n)).toBe(true);
    await waitFor(() => client.events.length === 5, { timeoutMs: 2_000 });
    expect(client.numbers(GROUP)).toEqual([1, 2, 3, 4, 5]);
    expect(client.gaps).toEqual([]);
  });

  it('within the leeway does not make the events of others look like replays', async () => {
    const { one, worker, client } = await scene();
    const wrong = opened(new TestProcess({ redisUrl: redis.url, keys: worker.keys }));
    Object.assign(wrong.core, {
      sealer: new Sealer(new KeyRing(worker.keys.encryptionKeys()), () => Date.now() + 10 * 60_000),
    });
    const { epoch } = await worker.history.position(GROUP);
    for (let n = 1; n <= 10; n += 1) expect(await send(n % 2 ? wrong : worker, n)).toBe(true);
    await waitFor(() => client.events.length === 10);
    expect(client.numbers(GROUP)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    expect(await one.history.since(GROUP, { epoch, offset: '0' })).toMatchObject({ events: { length: 10 } });
  });
});

describe('an intruder who may write', () => {
  it('cannot stop a group by spoiling its history', async () => {
    const { spy, one, worker, client } = await scene();
    expect(await send(worker, 1)).toBe(true);
    const history = one.core.log.channelOf(GROUP).replace(/c$/, 'h');
    await spy.client.xadd(history, '900-0', 'f', 'spoilt');
    expect(await send(worker, 2)).toBe(true);
    await waitFor(() => client.events.length === 2);
    await spy.client.set(history, 'spoilt');
    expect(await send(worker, 3)).toBe(true);
    await waitFor(() => client.events.length === 3);
    expect(client.numbers(GROUP)).toEqual([1, 2, 3]);
    expect(client.gaps).toMatchObject([{ reason: 'epoch_changed' }, { reason: 'epoch_changed' }]);
  });

  it('cannot have a copy of an event delivered by putting it into the history', async () => {
    const { spy, one, worker, client } = await scene();
    for (let n = 1; n <= 3; n += 1) expect(await send(worker, n)).toBe(true);
    await waitFor(() => client.events.length === 3);
    const history = one.core.log.channelOf(GROUP).replace(/:c$/, ':h');
    const meta = one.core.log.channelOf(GROUP).replace(/:c$/, ':m');
    const [, fields] = (await spy.client.xrangeBuffer(history, '1-0', '1-0'))[0]!;
    await spy.client.hincrby(meta, 'o', 1);
    await spy.client.xadd(history, '4-0', 'f', fields[1]!);
    await waitFor(async () => (await one.rejected('replayed')) > 0);

    expect(await send(worker, 5)).toBe(true);
    await waitFor(() => client.events.length >= 4);
    expect(client.numbers(GROUP)).toEqual([1, 2, 3, 5]);
    // A browser that asks for the range is not given the copy either: it is told to take a snapshot.
    const since = await one.history.since(GROUP, { epoch: client.position(GROUP)!.epoch, offset: '0' });
    expect(since).toMatchObject({ result: 'gap', reason: 'unreadable' });
  });

  it('cannot move an event into the history of another group', async () => {
    const { spy, one, worker, client } = await scene();
    expect(
      await worker.layer.broadcastToTenant({ tenantId: 8, messageType: 'tenant_alert', data: { n: 8 } }),
    ).toBe(true);
    const keyOf = (group: string, kind: string): string => one.core.log.channelOf(group).replace(/c$/, kind);
    const [, fields] = (await spy.client.xrangeBuffer(keyOf('tenant_8', 'h'), '-', '+'))[0]!;
    await spy.client.hincrby(keyOf(GROUP, 'm'), 'o', 1);
    await spy.client.xadd(keyOf(GROUP, 'h'), '1-0', 'f', fields[1]!);
    await waitFor(() => client.gaps.length > 0);
    expect(client.gaps[0]).toMatchObject({ group: GROUP, reason: 'unreadable', offset: '1' });
    expect(client.events).toEqual([]);
    expect(await one.rejected('forged')).toBeGreaterThan(0);
  });
});

function responseUid(gateway: TestGateway): string {
  return (gateway.io.of('/').adapter as unknown as { uid: string }).uid;
}
