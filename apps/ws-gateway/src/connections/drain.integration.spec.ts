import type { Socket as NetSocket } from 'node:net';
import { ReadinessRegistry } from '@bus/observability';
import { afterAll, afterEach, beforeAll, expect, inject, it } from 'vitest';
import { craftToken } from '../fixtures/craft-token.fixture.ts';
import { http, TestBrowser } from '../fixtures/test-browser.fixture.ts';
import { createTestBus, type TestBus, type TestGateway } from '../fixtures/test-bus.fixture.ts';

let bus: TestBus;
const browsers: TestBrowser[] = [];

beforeAll(async () => {
  bus = await createTestBus({ redisUrl: inject('redisUrl'), databaseUrl: inject('databaseUrl') });
});
afterEach(() => {
  for (const browser of browsers.splice(0)) browser.close();
});
afterAll(() => bus.close());

async function open(gateway: TestGateway): Promise<TestBrowser> {
  const browser = new TestBrowser(gateway.url, {
    auth: { token: await craftToken(bus.organisation.operator) },
  });
  browsers.push(browser);
  return browser;
}

it('a gateway that stops says so, and closes in a way that makes browsers come back by themselves', async () => {
  const gateway = await bus.startGateway({ GATEWAY_DRAIN_MS: '50' });
  const connected = await Promise.all(Array.from({ length: 15 }, () => open(gateway)));
  await Promise.all(connected.map((browser) => browser.subscribed()));
  const closing = gateway.close();
  for (const browser of connected) {
    expect(await browser.event('server_draining')).toEqual({ reconnect_within_ms: 50 });
    // Socket.IO reconnects after this reason, and not after "io server disconnect".
    expect(await browser.disconnected).toBe('transport close');
  }
  await closing;
});

it('a gateway that stops lets nobody in any more, so that browsers try another one by themselves', async () => {
  const gateway = await bus.startGateway();
  gateway.app.get(ReadinessRegistry).setDraining();
  const late = await open(gateway);
  await expect(late.refusal()).rejects.toThrow('websocket error');
  // Without data it is the transport that failed, and Socket.IO goes on trying if it may.
  expect(late.socket.active).toBe(true);
  expect((await http(`${gateway.url}/healthz/ready`)).status).toBe(503);
  expect((await http(`${gateway.url}/healthz/live`)).status).toBe(200);
});

it('a browser that does not answer the goodbye does not hold up the stop', async () => {
  const gateway = await bus.startGateway();
  const stuck = await open(gateway);
  await stuck.subscribed();
  const { transport } = stuck.socket.io.engine as unknown as { transport: { ws: { _socket: NetSocket } } };
  transport.ws._socket.pause();
  // By itself a WebSocket waits half a minute for the answer, which is longer than a test may take.
  await expect(gateway.close()).resolves.toBeUndefined();
  transport.ws._socket.destroy();
});
