import { setTimeout as pause } from 'node:timers/promises';
import { redisKeys, RedisConnections } from '@bus/platform';
import { waitFor } from '@bus/testing';
import { afterAll, afterEach, beforeAll, describe, expect, inject, it } from 'vitest';
import { craftToken } from '../fixtures/craft-token.fixture.ts';
import { TestBrowser, type ConnectOptions } from '../fixtures/test-browser.fixture.ts';
import { createTestBus, type TestBus, type TestGateway } from '../fixtures/test-bus.fixture.ts';
import type { TestPerson } from '../fixtures/test-organisation.fixture.ts';
import { ConnectionLeases } from './connection-leases.ts';

let bus: TestBus;
let here: TestGateway;
let there: TestGateway;
let connections: RedisConnections;
const browsers: TestBrowser[] = [];

beforeAll(async () => {
  bus = await createTestBus({ redisUrl: inject('redisUrl'), databaseUrl: inject('databaseUrl') });
  const env = { TRUSTED_PROXIES: '127.0.0.1' };
  here = await bus.startGateway(env);
  there = await bus.startGateway(env);
  connections = new RedisConnections({ REDIS_URL: bus.redisUrl });
});
afterEach(() => {
  for (const browser of browsers.splice(0)) browser.close();
});
afterAll(async () => {
  await connections.closeAll();
  await bus.close();
});

function open(gateway: TestGateway, options: ConnectOptions): TestBrowser {
  const browser = new TestBrowser(gateway.url, options);
  browsers.push(browser);
  return browser;
}

const openAs = async (gateway: TestGateway, person: TestPerson) =>
  open(gateway, { auth: { token: await craftToken(person) } });

describe('messages', () => {
  it('of one connection are answered a hundred times a minute, and the 101st is refused', async () => {
    const browser = await openAs(here, bus.organisation.north.supervisor);
    const answers = await Promise.all(Array.from({ length: 101 }, () => browser.ask('heartbeat', {})));
    expect(answers.slice(0, 100).every(({ ok }) => ok)).toBe(true);
    expect(answers[100]).toMatchObject({ ok: false, code: 4429, retry_after_seconds: expect.any(Number) });
    expect(await browser.ask('heartbeat', {})).toMatchObject({ ok: false, code: 4429 });
  });

  it('of one user are counted over all connections and gateways', async () => {
    const { user } = bus.organisation.north;
    const [first, second] = await Promise.all([openAs(here, user), openAs(there, user)]);
    await Promise.all([first.subscribed(), second.subscribed()]);
    const answers = await Promise.all([
      ...Array.from({ length: 60 }, () => first.ask('heartbeat', {})),
      ...Array.from({ length: 60 }, () => second.ask('heartbeat', {})),
    ]);
    expect(answers.filter(({ ok }) => ok)).toHaveLength(100);
    expect(answers.filter((answer) => !answer.ok && answer.code === 4429)).toHaveLength(20);
    const somebodyElse = await openAs(here, bus.organisation.south.user);
    expect(await somebodyElse.ask('heartbeat', {})).toMatchObject({ ok: true });
  });

  it('that go on after being refused end the connection', async () => {
    const browser = await openAs(here, bus.organisation.operator);
    await browser.subscribed();
    for (let message = 0; message < 320; message += 1) browser.socket.emit('heartbeat', {});
    expect(await browser.event('session_ended')).toEqual({ code: 4429, reason: 'too_many_messages' });
  });

  it('without an answer wanted, unknown, malformed or binary count and do no harm', async () => {
    const browser = await openAs(here, bus.organisation.south.supervisor);
    await browser.subscribed();
    browser.socket.emit('nonsense');
    browser.socket.emit('acknowledge_alert');
    browser.socket.emit('subscribe_client', null, null, null);
    browser.socket.emit('__proto__', { a: 1 });
    expect(await browser.ask('constructor', {})).toMatchObject({ ok: false, code: 4404 });
    expect(await browser.ask('toString')).toMatchObject({ ok: false, code: 4404 });
    expect(await browser.ask('send_command', {})).toMatchObject({ ok: false, code: 4404 });
    expect(await browser.ask('heartbeat', Buffer.from('x'))).toMatchObject({ ok: false, code: 4400 });
    expect(await browser.ask('heartbeat', [])).toMatchObject({ ok: false, code: 4400 });
    expect(await browser.ask('heartbeat', 'x')).toMatchObject({ ok: false, code: 4400 });
    expect(await browser.ask('heartbeat', {}, {})).toMatchObject({ ok: false, code: 4400 });
    expect(await browser.ask('heartbeat', JSON.parse('{"__proto__": {"polluted": true}}'))).toMatchObject({
      ok: false,
    });
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
    expect(await browser.ask('heartbeat')).toMatchObject({ ok: true });
  });

  it('larger than 64 KiB end the connection', async () => {
    const browser = await openAs(here, bus.organisation.otherOperator);
    await browser.subscribed();
    browser.socket.emit('heartbeat', { padding: 'x'.repeat(70_000) });
    expect(await browser.disconnected).toBe('transport close');
  });
});

describe('connections of a user', () => {
  it.each([
    ['a tenant user', () => bus.organisation.north.user, 20],
    ['staff', () => bus.organisation.operator, 100],
  ] as const)('are limited over all gateways for %s', async (_name, person, limit) => {
    const token = await craftToken(person());
    const all = Array.from({ length: limit }, (_, n) =>
      open(n % 2 === 0 ? here : there, { auth: { token } }),
    );
    await Promise.all(all.map((browser) => browser.subscribed()));
    const refusals = await Promise.all(
      [here, there].map((gateway) => open(gateway, { auth: { token } }).refusal()),
    );
    for (const refusal of refusals) expect(refusal).toMatchObject({ code: 4429 });

    all[0]!.close();
    await waitFor(async () => {
      const again = open(there, { auth: { token } });
      const outcome = await Promise.race([
        again.subscribed(),
        again.refusal().catch(() => new Promise(() => undefined)),
      ]);
      return 'user' in (outcome as object);
    });
  });
});

describe('connections without a good credential', () => {
  const comingFrom = (address: string) => ({ headers: { 'x-forwarded-for': address } });
  const codeOf = async (gateway: TestGateway, options: ConnectOptions) =>
    (await open(gateway, options).refusal()).code;

  it('are five for one address over all gateways; others and the logged-in are not in their way', async () => {
    for (let knock = 0; knock < 5; knock += 1) {
      expect(await codeOf(knock % 2 === 0 ? here : there, comingFrom('203.0.113.1'))).toBe(4401);
    }
    expect(await codeOf(here, comingFrom('203.0.113.1'))).toBe(4429);
    expect(await codeOf(there, comingFrom('203.0.113.1'))).toBe(4429);
    expect(await codeOf(there, comingFrom('203.0.113.2'))).toBe(4401);
    const token = await craftToken(bus.organisation.south.user);
    await open(here, { auth: { token }, ...comingFrom('203.0.113.1') }).subscribed();
  });

  it('of one IPv6 network are of one address', async () => {
    for (let knock = 0; knock < 5; knock += 1)
      expect(await codeOf(here, comingFrom(`2001:db8:0:1::${knock}`))).toBe(4401);
    expect(await codeOf(here, comingFrom('2001:db8:0:1:ffff::1'))).toBe(4429);
    expect(await codeOf(here, comingFrom('2001:db8:0:2::1'))).toBe(4401);
  });

  it('count while they are open, also those that never say a word', async () => {
    const sockets = await Promise.all(
      Array.from({ length: 5 }, async () => {
        const url = `${here.url.replace('http', 'ws')}/socket.io/?EIO=4&transport=websocket`;
        const socket = new WebSocket(url, { headers: { 'x-forwarded-for': '203.0.113.4' } });
        await new Promise((resolve) => socket.addEventListener('message', resolve, { once: true }));
        return socket;
      }),
    );
    const key = redisKeys.connections('anonymous', '203.0.113.4/32');
    await waitFor(async () => (await connections.commands.zcard(key)) === 5);
    expect(await codeOf(there, { auth: { token: 'bad' }, ...comingFrom('203.0.113.4') })).toBe(4429);
    for (const socket of sockets) socket.close();
    await waitFor(async () => (await connections.commands.zcard(key)) === 0);
    expect(await codeOf(there, { auth: { token: 'bad' }, ...comingFrom('203.0.113.4') })).toBe(4401);
  });

  it('with a bad credential are told so as often as they come one by one', async () => {
    for (let knock = 0; knock < 12; knock += 1) {
      const key = redisKeys.connections('anonymous', '203.0.113.5/32');
      expect(await codeOf(here, { auth: { token: 'bad' }, ...comingFrom('203.0.113.5') })).toBe(4401);
      await waitFor(async () => (await connections.commands.zcard(key)) === 0);
    }
  });
});

describe('a lease', () => {
  const rule = { scope: 'test', limit: 2 };

  it('counts until it is released, once', async () => {
    const leases = here.app.get(ConnectionLeases);
    const first = await leases.acquire(rule, 'a', '1');
    const second = await leases.acquire(rule, 'a', '2');
    expect(await leases.acquire(rule, 'a', '3')).toBeNull();
    expect(await leases.acquire(rule, 'b', '3')).not.toBeNull();
    first!.release();
    first!.release();
    await waitFor(async () => (await connections.commands.zcard(redisKeys.connections('test', 'a'))) === 1);
    expect(await leases.acquire(rule, 'a', '3')).not.toBeNull();
    expect(await leases.acquire(rule, 'a', '4')).toBeNull();
    second!.release();
  });

  it('of a gateway that was killed runs out', async () => {
    const leases = there.app.get(ConnectionLeases);
    const key = redisKeys.connections('test', 'killed');
    await leases.acquire(rule, 'killed', 'gone-1');
    await leases.acquire(rule, 'killed', 'gone-2');
    const ttl = await connections.commands.pttl(key);
    expect(ttl).toBeGreaterThan(0);
    expect(ttl).toBeLessThanOrEqual(30_000);
    expect(await leases.acquire(rule, 'killed', 'new')).toBeNull();
    // What half a minute without renewal does.
    await connections.commands.zadd(key, 'XX', 1, 'gone-1');
    expect(await leases.acquire(rule, 'killed', 'new')).not.toBeNull();
    expect(await connections.commands.zscore(key, 'gone-1')).toBeNull();
  });
});

it('a window shared by gateways forgets exactly what is too old', async () => {
  const { SharedWindow } = await import('./shared-window.ts');
  const rule = { scope: 'test', limit: 2, windowMs: 300 };
  const [a, b] = [here.app.get(SharedWindow), there.app.get(SharedWindow)];
  const first = await a.take(rule, 'x');
  expect(first.allowed).toBe(true);
  expect(await b.take(rule, 'x')).toMatchObject({ allowed: true });
  const refused = await a.take(rule, 'x');
  expect(refused).toMatchObject({ allowed: false });
  if (refused.allowed || !first.allowed) throw new Error('unreachable');
  expect(refused.retryAfterMs).toBeLessThanOrEqual(300);
  await a.giveBack(rule, 'x', first.entry);
  expect(await b.take(rule, 'x')).toMatchObject({ allowed: true });
  await pause(refused.retryAfterMs + 50);
  expect(await b.take(rule, 'x')).toMatchObject({ allowed: true });
});
