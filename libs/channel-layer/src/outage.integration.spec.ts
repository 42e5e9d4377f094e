import { startRedis, waitFor, type RedisServer } from '@bus/testing';
import { Logger } from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { OutboxRelay } from './outbox/outbox-relay.ts';
import { TestGateway, TestProcess, testKeys } from './fixtures/channel-processes.fixture.ts';
import { MemoryOutbox } from './fixtures/memory-outbox.fixture.ts';
import type { SealedSocketAdapterOptions } from './socket/sealed-socket-adapter.ts';
import { closeAfterEach } from './fixtures/close-after-each.fixture.ts';
import { TestClient } from './fixtures/test-client.fixture.ts';

let redis: RedisServer;
beforeEach(async () => {
  // Everything acknowledged is on disk: with `everysec`, a busy disk may cost a killed Redis its last moments.
  redis = await startRedis({ settings: { appendfsync: 'always' } });
});
afterEach(async () => {
  vi.restoreAllMocks();
  await redis.stop();
});
const opened = closeAfterEach();
const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const GROUP = 'noc_dashboard';

async function scene({ checkIntervalMs }: SealedSocketAdapterOptions = {}) {
  const keys = testKeys();
  const outbox = new MemoryOutbox();
  const worker = opened(new TestProcess({ redisUrl: redis.url, keys, outbox }));
  const one = opened(await TestGateway.start({ redisUrl: redis.url, keys, checkIntervalMs }));
  const two = opened(await TestGateway.start({ redisUrl: redis.url, keys, checkIntervalMs }));
  const clients = [opened(new TestClient([GROUP])), opened(new TestClient([GROUP]))];
  await clients[0]!.connect(one.url);
  await clients[1]!.connect(two.url);
  const relay = new OutboxRelay(worker.core, outbox, { intervalMs: 50 });
  opened({ close: () => relay.stop() });
  const send = (n: number, priority: 'critical' | 'normal' = 'normal', eventId?: string): Promise<boolean> =>
    worker.layer.broadcastToNocDashboard({
      messageType: 'critical_alert',
      data: { n },
      priority,
      ...(eventId ? { eventId } : {}),
    });
  return { worker, outbox, relay, gateways: [one, two], clients, send };
}

async function kill(): Promise<void> {
  await redis.kill('SIGKILL');
  await waitFor(() => !redis.isRunning);
}

describe('a Redis that is killed and comes back', () => {
  it('costs nothing that was handed over: browsers end with exactly that, in order, without reconnecting', async () => {
    const { clients, send } = await scene();
    const handedOver: number[] = [];
    const refused: number[] = [];
    const load = { isOn: true };
    let n = 0;
    const publishing = Promise.all(
      Array.from({ length: 4 }, async () => {
        while (load.isOn) {
          n += 1;
          const number = n;
          const isHandedOver = await send(number);
          (isHandedOver ? handedOver : refused).push(number);
          await sleep(1);
        }
      }),
    );
    for (let outage = 0; outage < 3; outage += 1) {
      await sleep(250);
      await kill();
      await sleep(outage * 300);
      await redis.restart();
    }
    await waitFor(async () => (await send(0)) && handedOver.length > 300, { timeoutMs: 20_000 });
    load.isOn = false;
    await publishing;
    const last = 1_000_000;
    expect(await send(last)).toBe(true);
    await waitFor(() => clients.every((client) => client.numbers(GROUP).at(-1) === last), {
      timeoutMs: 20_000,
    });

    for (const client of clients) {
      const shown = client.numbers(GROUP).filter((number) => number > 0 && number !== last);
      expect(
        handedOver.filter((number) => !shown.includes(number)),
        'handed over but not shown',
      ).toEqual([]);
      expect(new Set(shown).size, 'nothing twice').toBe(shown.length);
      const unexpected = shown.filter((number) => !handedOver.includes(number) && !refused.includes(number));
      expect(unexpected).toEqual([]);
      const offsets = client.events.map(({ offset }) => Number(offset));
      expect(offsets).toEqual(Array.from(offsets, (_, index) => index + 1));
      expect(client.gaps).toEqual([]);
      expect(client.disconnects).toBe(0);
    }
    expect(clients[0]!.events).toEqual(clients[1]!.events);
    expect(refused.length).toBeGreaterThan(0);
  }, 60_000);

  it('fills in for a gateway what was published before its subscription was back', async () => {
    const { worker, gateways, clients, send } = await scene({ checkIntervalMs: 60_000 });
    expect(await send(1)).toBe(true);
    await waitFor(() => clients.every((client) => client.events.length === 1));
    // The worker is back before the gateways.
    const subscribers = await worker.core.producer.client('LIST');
    for (const line of String(subscribers).split('\n')) {
      const id = /^id=(\d+) .*subscriber/.exec(line)?.[1];
      if (id !== undefined) await worker.core.producer.client('KILL', 'ID', id);
    }
    for (let n = 2; n <= 30; n += 1) expect(await send(n)).toBe(true);
    await waitFor(() => clients.every((client) => client.events.length === 30));
    for (const client of clients) {
      expect(client.numbers(GROUP)).toEqual(Array.from({ length: 30 }, (_, index) => index + 1));
      expect(client.gaps).toEqual([]);
    }
    await waitFor(() => gateways.every(({ adapter }) => adapter.ready));
  });

  it('is an explicit gap when it comes back empty', async () => {
    const { clients, send, worker } = await scene();
    for (let n = 1; n <= 3; n += 1) expect(await send(n)).toBe(true);
    await waitFor(() => clients.every((client) => client.events.length === 3));
    const before = clients[0]!.position(GROUP)!;
    await worker.core.producer.flushall();
    expect(await send(4)).toBe(true);
    await waitFor(() => clients.every((client) => client.events.length === 4));
    for (const client of clients) {
      expect(client.gaps).toMatchObject([{ group: GROUP, reason: 'epoch_changed', offset: '0' }]);
      expect(client.numbers(GROUP)).toEqual([1, 2, 3, 4]);
      expect(client.position(GROUP)!.epoch).not.toBe(before.epoch);
    }
  });

  it('tells browsers that joined while it was away, once it is back', async () => {
    const { gateways, send } = await scene();
    await kill();
    const late = opened(new TestClient(['user_77']));
    expect(await late.connect(gateways[0]!.url)).toMatchObject([
      { result: 'gap', reason: 'unavailable', epoch: '' },
    ]);
    await redis.restart();
    await waitFor(() => late.gaps.length === 1);
    expect(late.gaps[0]).toMatchObject({
      group: 'user_77',
      reason: 'unavailable',
      epoch: expect.stringMatching(/./),
    });
    await waitFor(() => send(1));
  });
});

describe('a broadcast while Redis is away', () => {
  it('says so in time, keeps the critical ones, and sends those in order afterwards, each once', async () => {
    const { worker, outbox, relay, clients, send } = await scene();
    expect(await send(1, 'critical')).toBe(true);
    await kill();
    const startedAt = performance.now();
    expect(
      await Promise.all([send(2, 'critical'), send(3), send(4, 'critical', 'alert-4'), send(5, 'critical')]),
    ).toEqual([false, false, false, false]);
    expect(performance.now() - startedAt).toBeLessThan(3_000);
    expect(outbox.kept.map(({ data }) => data)).toEqual([{ n: 2 }, { n: 4 }, { n: 5 }]);
    expect(outbox.kept[1]).toMatchObject({
      target: 'noc_dashboard',
      groupName: GROUP,
      priority: 'critical',
      eventId: 'alert-4',
      taskId: null,
    });
    const { timestamp } = outbox.kept[0]!;
    relay.start();
    await sleep(200);
    expect(outbox.kept).toHaveLength(3);

    await redis.restart();
    await waitFor(() => outbox.kept.length === 0);
    await waitFor(() => clients.every((client) => client.events.length === 4));
    for (const client of clients) expect(client.numbers(GROUP)).toEqual([1, 2, 4, 5]);
    expect(clients[0]!.events[1]!.timestamp).toBe(timestamp);
    const { values } = await worker.metrics.counter('bus_websocket_broadcast_total').get();
    const count = (priority: string, result: string): number | undefined =>
      values.find(
        ({ labels }) =>
          labels.target === 'noc_dashboard' && labels.priority === priority && labels.result === result,
      )?.value;
    expect([count('critical', 'success'), count('critical', 'failure'), count('normal', 'failure')]).toEqual([
      1, 3, 1,
    ]);
    expect((await worker.metrics.counter('bus_channel_outbox_sent_total').get()).values[0]?.value).toBe(3);
  });

  it('is false, with an error in the log, when it cannot be kept either', async () => {
    const { worker, outbox, send } = await scene();
    const error = vi.spyOn(Logger.prototype, 'error').mockImplementation(() => undefined);
    outbox.isBroken = true;
    await kill();
    expect(await send(1, 'critical')).toBe(false);
    expect(error).toHaveBeenCalledWith(
      expect.stringMatching(/Critical 'critical_alert' was neither broadcast \(.*\) nor kept \(.*broken/),
    );
    const { values } = await worker.metrics.counter('bus_channel_outbox_kept_total').get();
    expect(values.find(({ labels }) => labels.result === 'lost')?.value).toBe(1);
    expect(await worker.layer.checkHealth()).toMatchObject({
      healthy: false,
      reason: expect.stringContaining('not connected'),
    });
  });

  it('that Redis takes without being able to say so is shown once, although it is sent again', async () => {
    const { outbox, relay, clients, send } = await scene();
    expect(await send(1)).toBe(true);
    await redis.kill('SIGSTOP');
    const startedAt = performance.now();
    expect(await send(2, 'critical')).toBe(false);
    expect(performance.now() - startedAt).toBeLessThan(3_500);
    await redis.kill('SIGCONT');
    expect(outbox.kept).toHaveLength(1);
    relay.start();
    await waitFor(() => outbox.kept.length === 0);
    expect(await waitFor(() => send(3))).toBe(true);
    await waitFor(() => clients.every((client) => client.numbers(GROUP).includes(3)));
    for (const client of clients) expect(client.numbers(GROUP)).toEqual([1, 2, 3]);
  });

  it('waits out a short reconnect instead of failing, and keeps its turn', async () => {
    const { worker, clients, send } = await scene();
    for (let round = 0; round < 5; round += 1) {
      worker.core.producer.disconnect(true);
      const results = Array.from({ length: 20 }, (_, n) => send(round * 20 + n));
      expect(await Promise.all(results)).toEqual(results.map(() => true));
    }
    await waitFor(() => clients.every((client) => client.events.length === 100));
    expect(clients[0]!.numbers(GROUP)).toEqual(Array.from({ length: 100 }, (_, index) => index));
  });
});

describe('a broadcast that can never be sent', () => {
  it('is false and an error, and is not kept', async () => {
    const { outbox, send, worker } = await scene();
    const error = vi.spyOn(Logger.prototype, 'error').mockImplementation(() => undefined);
    const circular: Record<string, unknown> = {};
    circular.self = circular;
    expect(
      await worker.layer.broadcastToGroup({
        groupName: GROUP,
        messageType: 'critical_alert',
        data: circular,
        priority: 'critical',
      }),
    ).toBe(false);
    expect(error).toHaveBeenCalled();
    expect(outbox.kept).toEqual([]);
    expect(await send(1)).toBe(true);
  });
});
