import { ChannelLayer } from '@bus/channel-layer';
import { startRedis, waitFor, type RedisServer } from '@bus/testing';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { craftToken } from '../fixtures/craft-token.fixture.ts';
import { http, TestBrowser } from '../fixtures/test-browser.fixture.ts';
import { createTestBus, type TestBus, type TestGateway } from '../fixtures/test-bus.fixture.ts';

let redis: RedisServer;
let bus: TestBus;
let gateway: TestGateway;

beforeAll(async () => {
  redis = await startRedis({ appendOnly: true });
  bus = await createTestBus({ redisUrl: inject('redisUrl'), databaseUrl: inject('databaseUrl') });
  gateway = await bus.startGateway({ REDIS_URL: redis.url, SESSION_RECHECK_SECONDS: '1' });
});
afterAll(async () => {
  await bus.close();
  await redis.stop();
});

it('while Redis is away those who are in stay in, newcomers are told to try again, and afterwards nothing is missing', async () => {
  const token = await craftToken(bus.organisation.operator);
  const browser = new TestBrowser(gateway.url, { auth: { token } });
  await browser.subscribed();
  await redis.kill('SIGKILL');
  await waitFor(async () => (await http(`${gateway.url}/healthz/ready`)).status === 503);

  const newcomer = new TestBrowser(gateway.url, { auth: { token } });
  expect(await newcomer.refusal()).toMatchObject({ code: 4503 });
  const headers = { authorization: `Bearer ${token}` };
  expect((await http(`${gateway.url}/api/alerts`, { headers })).body).toMatchObject({ code: 4503 });
  const login = await http(`${gateway.url}/auth/login`, { body: { username: 'operator', password: 'x' } });
  expect([login.status, login.body.code]).toEqual([503, 4503]);
  expect(await browser.ask('heartbeat')).toMatchObject({ ok: true });
  expect((await http(`${gateway.url}/healthz/live`)).status).toBe(200);

  await redis.restart();
  await waitFor(async () => (await http(`${gateway.url}/healthz/ready`)).status === 200);
  const channel = gateway.app.get(ChannelLayer);
  await waitFor(() =>
    channel.broadcastToNocDashboard({ messageType: 'critical_alert', data: { after: true } }),
  );
  await browser.event('critical_alert');
  const again = new TestBrowser(gateway.url, { auth: { token } });
  await again.subscribed();
  expect(browser.of('session_ended')).toEqual([]);
  browser.close();
  again.close();
});
