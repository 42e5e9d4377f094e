import type { Socket as NetSocket } from 'node:net';
import { ChannelLayer } from '@bus/channel-layer';
import { Metrics } from '@bus/observability';
import { waitFor } from '@bus/testing';
import { io } from 'socket.io-client';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { craftToken } from '../fixtures/craft-token.fixture.ts';
import { TestBrowser } from '../fixtures/test-browser.fixture.ts';
import { createTestBus, type TestBus } from '../fixtures/test-bus.fixture.ts';

let bus: TestBus;

beforeAll(async () => {
  bus = await createTestBus({ redisUrl: inject('redisUrl'), databaseUrl: inject('databaseUrl') });
});
afterAll(() => bus.close());

it('a browser that stops reading is cut off, comes back by itself, and has missed nothing; others notice nothing', async () => {
  const gateway = await bus.startGateway({ WEBSOCKET_MAX_WAITING_BYTES: '1000000' });
  const channel = gateway.app.get(ChannelLayer);
  const token = await craftToken(bus.organisation.operator);
  const quick = new TestBrowser(gateway.url, { auth: { token } });
  await quick.subscribed();

  const seen: number[] = [];
  let position: { group: string; epoch: string; offset: string } | undefined;
  const closeCodes: unknown[] = [];
  const slow = io(gateway.url, {
    transports: ['websocket'],
    forceNew: true,
    reconnectionDelay: 10,
    auth: (give) => give({ token, resume: position === undefined ? [] : [position] }),
  });
  slow.on('critical_alert', ({ group, epoch, offset, data }) => {
    seen.push(data.number as number);
    position = { group, epoch, offset };
  });
  slow.on('disconnect', (_reason, details) => {
    closeCodes.push((details as { context?: { code?: unknown } } | undefined)?.context?.code);
  });
  await new Promise<void>((resolve) => slow.once('subscribed', () => resolve()));

  const say = (number: number) =>
    channel.broadcastToNocDashboard({
      messageType: 'critical_alert',
      priority: 'critical',
      data: { number, padding: 'x'.repeat(50_000) },
    });
  expect(await say(0)).toBe(true);
  await waitFor(() => seen.length === 1);
  const { transport } = slow.io.engine as unknown as { transport: { ws: { _socket: NetSocket } } };
  transport.ws._socket.pause();

  const metrics = gateway.app.get(Metrics);
  const cutOff = async () => {
    const { values } = await metrics.counter('bus_websocket_slow_consumer_disconnects_total').get();
    return values.some(({ value }) => value > 0);
  };
  let last = 0;
  while (!(await cutOff())) await say((last += 1));
  await quick.event('critical_alert', ({ data }) => data.number === last);

  transport.ws._socket.resume();
  await waitFor(() => seen.includes(last));
  expect(seen).toEqual(Array.from({ length: last + 1 }, (_, number) => number));
  expect(closeCodes).toEqual([4408]);
  expect(quick.of('critical_alert')).toHaveLength(last + 1);
  const { body } = await metrics.render();
  expect(body).toMatch(/bus_websocket_disconnects_total\{reason="slow_browser"[^}]*\} 1/);
  slow.close();
  quick.close();
});
