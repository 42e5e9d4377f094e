import { startRedis, waitFor, type RedisServer } from '@bus/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  TestGateway,
  TestProcess,
  testKeys,
  type TestProcessOptions,
} from '../fixtures/channel-processes.fixture.ts';
import { closeAfterEach } from '../fixtures/close-after-each.fixture.ts';
import { SeededRandom } from '../fixtures/random.fixture.ts';
import { TestClient } from '../fixtures/test-client.fixture.ts';
import type { SealedSocketAdapterOptions } from './sealed-socket-adapter.ts';

let redis: RedisServer;
const opened = closeAfterEach();
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis.stop());

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

interface Scene {
  readonly worker: TestProcess;
  gateway(options?: SealedSocketAdapterOptions): Promise<TestGateway>;
}

function scene(options: Partial<TestProcessOptions> = {}): Scene {
  const shared = { redisUrl: redis.url, keys: testKeys(), ...options };
  return {
    worker: opened(new TestProcess(shared)),
    gateway: async (adapterOptions = {}) => opened(await TestGateway.start({ ...shared, ...adapterOptions })),
  };
}

const send = (process: TestProcess, group: string, n: number): Promise<boolean> =>
  process.layer.broadcastToGroup({ groupName: group, messageType: 'alert_updated', data: { n } });
const upTo = (n: number): number[] => Array.from({ length: n }, (_, index) => index + 1);

/** Lets the subscription of a gateway lose and delay messages. */
function makeUnreliable(gateway: TestGateway, random: SeededRandom): void {
  const { feeds } = gateway.adapter;
  const receive = feeds.receive.bind(feeds);
  feeds.receive = (channel, message) => {
    const fate = random.next();
    if (fate < 0.05) return;
    if (fate < 0.15) setTimeout(() => receive(channel, message), random.below(15));
    else receive(channel, message);
  };
}

describe('joining a group', () => {
  it('is live at once without a position, and says where', async () => {
    const { worker, gateway } = scene();
    const one = await gateway();
    for (const n of upTo(3)) await send(worker, 'user_1', n);
    const client = opened(new TestClient(['user_1']));
    const { epoch } = await worker.history.position('user_1');
    expect(await client.connect(one.url)).toEqual([
      { group: 'user_1', result: 'live', replayed: 0, epoch, offset: '3' },
    ]);
    await send(worker, 'user_1', 4);
    await waitFor(() => client.events.length === 1);
    expect(client.numbers('user_1')).toEqual([4]);
  });

  it('replays on the other gateway what was missed since the first one died, then goes on live', async () => {
    const { worker, gateway } = scene();
    const [one, two] = [await gateway(), await gateway()];
    const client = opened(new TestClient(['user_2', 'tenant_2']));
    await client.connect(one.url);
    await send(worker, 'user_2', 1);
    await waitFor(() => client.events.length === 1);
    one.kill();
    for (const n of [2, 3, 4]) await send(worker, 'user_2', n);
    await send(worker, 'tenant_2', 1);
    expect(await client.connect(two.url)).toMatchObject([
      { group: 'user_2', result: 'replayed', replayed: 3, offset: '4' },
      { group: 'tenant_2', result: 'replayed', replayed: 1, offset: '1' },
    ]);
    await send(worker, 'user_2', 5);
    await waitFor(() => client.numbers('user_2').length === 5);
    expect(client.numbers('user_2')).toEqual(upTo(5));
    expect(client.numbers('tenant_2')).toEqual([1]);
  });

  it('is live when nothing was missed', async () => {
    const { worker, gateway } = scene();
    const one = await gateway();
    const client = opened(new TestClient(['user_3']));
    await client.connect(one.url);
    await send(worker, 'user_3', 1);
    await waitFor(() => client.events.length === 1);
    expect(await client.connect(one.url)).toMatchObject([{ result: 'live', replayed: 0, offset: '1' }]);
  });

  it('replays more than one page, and joins only once however often it is asked', async () => {
    const { worker, gateway } = scene();
    const one = await gateway();
    const client = opened(new TestClient([]));
    await client.connect(one.url);
    const { epoch } = await worker.history.position('user_4');
    for (const n of upTo(530)) await send(worker, 'user_4', n);
    const [socket] = one.io.sockets.sockets.values();
    const request = { group: 'user_4', position: { epoch, offset: '0' } };
    const results = await Promise.all([
      one.resume.join(socket!, [request]),
      one.resume.join(socket!, [request]),
    ]);
    expect(results).toMatchObject([
      [{ result: 'replayed', replayed: 530 }],
      [{ result: 'replayed', replayed: 530 }],
    ]);
    expect(await one.resume.join(socket!, [request])).toMatchObject([{ result: 'live', replayed: 0 }]);
    await waitFor(() => client.events.length === 530);
    expect(client.numbers('user_4')).toEqual(upTo(530));
  });

  it.each([
    ['another epoch', { epoch: 'bygone', offset: '1' }, 'epoch_changed'],
    ['the future', { offset: '99' }, 'ahead'],
    ['beyond the bound', { offset: '2' }, 'trimmed'],
    ['nowhere', { offset: 'x' }, 'malformed'],
  ])('is an explicit gap for a position from %s, and live from then on', async (_where, position, reason) => {
    const { worker, gateway } = scene({ history: { maxEntries: 5 } });
    const one = await gateway();
    const { epoch } = await worker.history.position('user_5');
    for (const n of upTo(10)) await send(worker, 'user_5', n);
    const client = opened(new TestClient(['user_5']));
    client.setPosition('user_5', { epoch, ...position });
    expect(await client.connect(one.url)).toEqual([
      { group: 'user_5', result: 'gap', reason, replayed: 0, epoch, offset: '10' },
    ]);
    await send(worker, 'user_5', 11);
    await waitFor(() => client.events.length > 0);
    expect(client.numbers('user_5')).toEqual([11]);
  });

  it('takes up a position that this gateway has not reached yet', async () => {
    const { worker, gateway } = scene();
    const one = await gateway({ checkIntervalMs: 60_000 });
    const other = opened(new TestClient(['user_6']));
    await other.connect(one.url);
    // Nothing of this reaches the gateway's subscription.
    one.adapter.feeds.receive = () => undefined;
    for (const n of upTo(4)) await send(worker, 'user_6', n);
    const client = opened(new TestClient(['user_6']));
    const { epoch } = await worker.history.position('user_6');
    client.setPosition('user_6', { epoch, offset: '3' });
    expect(await client.connect(one.url)).toMatchObject([{ result: 'replayed', replayed: 1, offset: '4' }]);
    await waitFor(() => other.events.length === 4);
    expect(client.numbers('user_6')).toEqual([4]);
    expect(other.numbers('user_6'), 'what was read for one is there for all').toEqual(upTo(4));
  });

  it('leaves no trace of a socket that disconnects while it catches up', async () => {
    const { worker, gateway } = scene();
    const one = await gateway();
    const client = opened(new TestClient([]));
    await client.connect(one.url);
    const { epoch } = await worker.history.position('user_7');
    for (const n of upTo(450)) await send(worker, 'user_7', n);
    const [socket] = one.io.sockets.sockets.values();
    const joining = one.resume.join(socket!, [{ group: 'user_7', position: { epoch, offset: '0' } }]);
    socket!.disconnect(true);
    await joining;
    expect(one.io.of('/').adapter.rooms.has('user_7')).toBe(false);
    expect(one.adapter.feeds.size).toBe(0);
  });

  it('follows a group as long as it has sockets', async () => {
    const { gateway } = scene();
    const one = await gateway();
    const clients = [opened(new TestClient(['user_8'])), opened(new TestClient(['user_8', 'tenant_8']))];
    for (const client of clients) await client.connect(one.url);
    expect(one.adapter.feeds.size).toBe(2);
    clients[1]!.close();
    await waitFor(() => one.adapter.feeds.size === 1);
    clients[0]!.close();
    await waitFor(() => one.adapter.feeds.size === 0);
  });

  it('also gives live events to a socket that was put into the room by other means', async () => {
    const { worker, gateway } = scene();
    const one = await gateway();
    const client = opened(new TestClient([]));
    await client.connect(one.url);
    one.io.socketsJoin('tenant_9');
    await waitFor(() => one.io.of('/').adapter.rooms.has('tenant_9'));
    for (const n of upTo(3)) await send(worker, 'tenant_9', n);
    await waitFor(() => client.events.length === 3);
    expect(client.numbers('tenant_9')).toEqual(upTo(3));
  });
});

describe('a message that pub/sub loses', () => {
  it('is fetched when the next one shows the hole', async () => {
    const { worker, gateway } = scene();
    const one = await gateway({ checkIntervalMs: 60_000 });
    const client = opened(new TestClient(['user_10']));
    await client.connect(one.url);
    const { feeds } = one.adapter;
    const receive = feeds.receive.bind(feeds);
    feeds.receive = () => (feeds.receive = receive);
    for (const n of upTo(3)) await send(worker, 'user_10', n);
    await waitFor(() => client.events.length === 3);
    expect(client.numbers('user_10')).toEqual(upTo(3));
    expect(client.gaps).toEqual([]);
  });

  it('is found in a quiet group too', async () => {
    const { worker, gateway } = scene();
    const one = await gateway({ checkIntervalMs: 100 });
    const client = opened(new TestClient(['user_11']));
    await client.connect(one.url);
    one.adapter.feeds.receive = () => undefined;
    await send(worker, 'user_11', 1);
    await waitFor(() => client.events.length === 1);
    expect(client.gaps).toEqual([]);
  });

  it('is a gap for everyone in the group when the history has lost it as well', async () => {
    const { worker, gateway } = scene({ history: { maxEntries: 2 } });
    const one = await gateway({ checkIntervalMs: 60_000 });
    const client = opened(new TestClient(['user_12']));
    await client.connect(one.url);
    const { feeds } = one.adapter;
    const receive = feeds.receive.bind(feeds);
    let lost = 0;
    feeds.receive = (channel, message) => {
      lost += 1;
      if (lost > 8) receive(channel, message);
    };
    for (const n of upTo(9)) await send(worker, 'user_12', n);
    await waitFor(() => client.events.length >= 2);
    expect(client.gaps).toMatchObject([{ group: 'user_12', reason: 'trimmed', offset: '7' }]);
    expect(client.numbers('user_12')).toEqual([8, 9]);
  });
});

describe('moving between gateways', () => {
  it.each(upTo(8))(
    'loses, repeats and reorders nothing while everything happens at once (seed %i)',
    async (seed) => {
      const random = new SeededRandom(seed);
      const { worker, gateway } = scene();
      const workers = [worker, opened(new TestProcess({ redisUrl: redis.url, keys: worker.keys }))];
      const gateways = [await gateway(), await gateway()];
      for (const each of gateways) makeUnreliable(each, random);
      const groups = [`noc_client_${seed}`, `tenant_${seed}`];
      const clients = Array.from({ length: 6 }, () => opened(new TestClient(groups)));
      for (const client of clients) await client.connect(gateways[random.below(2)]!.url);

      const sent = new Map(groups.map((group) => [group, 0]));
      const load = { isOn: true };
      const publishing = (async () => {
        while (load.isOn) {
          const group = groups[random.below(2)]!;
          const burst = 1 + random.below(8);
          const results: Promise<boolean>[] = [];
          for (let n = 0; n < burst; n += 1) {
            sent.set(group, sent.get(group)! + 1);
            results.push(send(workers[0]!, group, sent.get(group)!));
          }
          expect(await Promise.all(results)).toEqual(results.map(() => true));
          if (random.chance(0.3)) await sleep(random.below(6));
        }
      })();
      const moves = clients.map(async (client) => {
        for (let move = 0; move < 12; move += 1) {
          await sleep(random.below(30));
          if (random.chance(0.3)) client.close();
          if (random.chance(0.3)) await sleep(random.below(20));
          // The gateway may be killed while the client joins; it then tries the other one, as a browser does.
          await client.connect(gateways[random.below(2)]!.url).catch(() => undefined);
        }
      });
      const killing = (async () => {
        await sleep(120);
        const victim = random.below(2);
        gateways[victim]!.kill();
        gateways[victim] = await gateway();
        makeUnreliable(gateways[victim], random);
      })();
      await Promise.all([...moves, killing]).finally(() => (load.isOn = false));
      await publishing;

      for (const client of clients) {
        const results = await client.connect(gateways[random.below(2)]!.url);
        expect(results.map(({ result }) => result)).not.toContain('gap');
      }
      await waitFor(() =>
        clients.every((client) => groups.every((group) => client.numbers(group).length >= sent.get(group)!)),
      );
      for (const client of clients) {
        for (const group of groups) expect(client.numbers(group)).toEqual(upTo(sent.get(group)!));
        expect(client.gaps).toEqual([]);
        expect(client.results.every(({ result }) => result !== 'gap')).toBe(true);
      }
    },
    60_000,
  );
});
