import { randomBytes } from 'node:crypto';
import { waitFor } from '@bus/testing';
import { UnsecuredJWT } from 'jose';
import { afterAll, afterEach, beforeAll, describe, expect, inject, it } from 'vitest';
import { craftToken } from '../fixtures/craft-token.fixture.ts';
import { login, TestBrowser, type ConnectOptions, type LoggedIn } from '../fixtures/test-browser.fixture.ts';
import { createTestBus, type TestBus, type TestGateway } from '../fixtures/test-bus.fixture.ts';

const LISTED = 'https://noc.example.com';

let bus: TestBus;
let gateway: TestGateway;
/** Another gateway of the same bus, with a list of origins. */
let listed: TestGateway;
let me: LoggedIn;
const browsers: TestBrowser[] = [];

beforeAll(async () => {
  bus = await createTestBus({ redisUrl: inject('redisUrl'), databaseUrl: inject('databaseUrl') });
  // These tests knock without a credential more often than a stranger may.
  const roomy = { WEBSOCKET_MAX_ANONYMOUS_PER_IP: '1000' };
  gateway = await bus.startGateway(roomy);
  listed = await bus.startGateway({ ...roomy, WEBSOCKET_ALLOWED_ORIGINS: LISTED });
  me = await login(gateway.url, 'operator');
});
afterEach(() => {
  for (const browser of browsers.splice(0)) browser.close();
});
afterAll(() => bus.close());

function open(url: string, options?: ConnectOptions): TestBrowser {
  const browser = new TestBrowser(url, options);
  browsers.push(browser);
  return browser;
}

const refusalOf = (options: ConnectOptions, url = gateway.url) => open(url, options).refusal();
const userOf = async (options: ConnectOptions, url = gateway.url) =>
  (await open(url, options).subscribed()).user;

describe('a credential is taken from', () => {
  const operator = { id: expect.any(Number), username: 'operator', role: 'noc_operator', tenant_id: null };

  it('auth.token, without an Origin too', async () => {
    expect(await userOf({ auth: { token: me.token } })).toEqual(operator);
  });

  it('the Authorization header', async () => {
    expect(await userOf({ headers: { authorization: `Bearer ${me.token}` } })).toEqual(operator);
  });

  it('the cookie ws_token, from an allowed page', async () => {
    expect(await userOf({ headers: { cookie: `ws_token=${me.token}`, origin: gateway.url } })).toEqual(
      operator,
    );
  });

  it('the session cookie, from an allowed page', async () => {
    expect(await userOf({ headers: { cookie: me.cookie, origin: gateway.url } })).toEqual(operator);
  });

  it('the first place that has one, and a bad one there is not made good by a better one elsewhere', async () => {
    const { north } = bus.organisation;
    const headers = { authorization: `Bearer ${me.token}`, cookie: me.cookie, origin: gateway.url };
    const auth = { token: await craftToken(north.user) };
    expect(await userOf({ auth, headers })).toMatchObject({ username: 'user.north' });
    expect(await refusalOf({ auth: { token: 'garbage' }, headers })).toMatchObject({ code: 4401 });
    expect(await refusalOf({ headers: { ...headers, authorization: 'Bearer garbage' } })).toMatchObject({
      code: 4401,
    });
    const cookie = `ws_token=garbage; ${me.cookie}`;
    expect(await refusalOf({ headers: { cookie, origin: gateway.url } })).toMatchObject({ code: 4401 });
  });
});

describe('refused as malformed (4400)', () => {
  it.each(['token', 'access_token', 'jwt', 'Authorization', 'ws_token'])(
    'a credential in the address as %s, even beside a good one',
    async (name) => {
      const refusal = await refusalOf({ query: { [name]: me.token }, auth: { token: me.token } });
      expect(refusal).toMatchObject({ code: 4400, field: `query.${name}` });
      expect(JSON.stringify(refusal)).not.toContain(me.token);
    },
  );

  it.each([
    ['auth.token', { token: 5 }],
    ['auth.token', { token: '' }],
    ['auth.token', { token: { toString: 'x' } }],
    ['auth.deviceId', { deviceId: 'a b' }],
    ['auth.deviceId', { deviceId: 'x'.repeat(129) }],
    ['auth.deviceId', { deviceId: ['desk'] }],
    ['auth.resume', { resume: 'noc_dashboard' }],
    ['auth.resume', { resume: Array.from({ length: 201 }, () => ({ group: 'a', epoch: 'b', offset: '1' })) }],
    ['auth.resume[0]', { resume: [null] }],
    [
      'auth.resume[1]',
      {
        resume: [
          { group: 'a', epoch: 'b', offset: '1' },
          { group: 'a', epoch: 'b', offset: 1 },
        ],
      },
    ],
    ['auth.resume[0]', { resume: [{ group: 'a', epoch: 'b', offset: '-1' }] }],
    ['auth.resume[0]', { resume: [{ group: 'x'.repeat(65), epoch: 'b', offset: '1' }] }],
    ['auth.resume[0]', { resume: [{ group: 'a', epoch: {}, offset: '1' }] }],
  ])('a wrong %s', async (field, auth) => {
    expect(await refusalOf({ auth: { token: me.token, ...auth } })).toMatchObject({ code: 4400, field });
  });

  it('a second handshake on the same connection', async () => {
    const browser = open(gateway.url, { auth: {} });
    const { engine } = browser.socket.io;
    const answers: string[] = [];
    engine.on('packet', ({ type, data }) => type === 'message' && answers.push(String(data)));
    // Two CONNECT packets in one go; Socket.IO runs the handshake for both.
    engine.on('open', () => {
      engine.write('0{"token":"a"}');
      engine.write('0{"token":"b"}');
    });
    await waitFor(() => answers.length >= 2);
    expect(answers.filter((answer) => answer.includes('4400')).length).toBeGreaterThan(0);
  });
});

describe('refused as unauthenticated (4401)', () => {
  it('somebody without any credential', async () => {
    expect(await refusalOf({})).toEqual({ code: 4401, reason: 'Log in first.' });
  });

  it.each<[string, () => Promise<string> | string]>([
    ['nothing but dots', () => '..'],
    ['over-long', () => `${'a'.repeat(10_000)}.b.c`],
    ['unsigned', () => new UnsecuredJWT({ sub: '1', role: 'admin', exp: 9_999_999_999 }).encode()],
    [
      'signed with another key',
      () => craftToken(bus.organisation.operator, {}, { secret: randomBytes(48).toString('hex') }),
    ],
    [
      'signed with another algorithm',
      () => craftToken(bus.organisation.operator, {}, { header: { alg: 'HS512' } }),
    ],
    ['expired', () => craftToken(bus.organisation.operator, { exp: Math.floor(Date.now() / 1000) - 120 })],
    ['endless', () => craftToken(bus.organisation.operator, { exp: undefined })],
    ['of another issuer', () => craftToken(bus.organisation.operator, { iss: 'evil' })],
    ['for another audience', () => craftToken(bus.organisation.operator, { aud: 'evil' })],
    ['of a session that does not exist', () => craftToken(bus.organisation.operator, { sid: 'none' })],
    ['of an account that does not exist', () => craftToken({ ...bus.organisation.operator, id: 999_999 })],
    [
      'that promotes its user',
      () => craftToken({ ...bus.organisation.north.user, role: 'admin', tenantId: null }),
    ],
    [
      'that moves its user to another tenant',
      () => craftToken({ ...bus.organisation.north.user, tenantId: bus.organisation.south.tenantId }),
    ],
    [
      'from before all sessions of its user were ended',
      () => craftToken(bus.organisation.operator, { sep: -1 }),
    ],
  ])('a token %s', async (_name, make) => {
    expect(await refusalOf({ auth: { token: await make() } })).toMatchObject({ code: 4401 });
  });

  it.each([
    'bus_session=',
    'bus_session=short',
    `bus_session=${'A'.repeat(43)}`,
    'bus_session=../../x',
    'session=x',
  ])('a session cookie %j', async (cookie) => {
    expect(await refusalOf({ headers: { cookie, origin: gateway.url } })).toMatchObject({ code: 4401 });
  });
});

describe('refused by its Origin (4403)', () => {
  it.each([
    'https://evil.example',
    'https://noc.example.com.evil.example',
    'https://evilnoc.example.com',
    'https://sub.noc.example.com',
    'http://noc.example.com',
    'https://noc.example.com:8443',
    'HTTPS://noc.example.com',
    'https://NOC.example.com',
    'null',
    '*',
  ])('%s, even with a good token', async (origin) => {
    expect(await refusalOf({ auth: { token: me.token }, headers: { origin } }, listed.url)).toMatchObject({
      code: 4403,
    });
  });

  it('a page of the gateway itself when there is a list and it is not on it', async () => {
    const options = { auth: { token: me.token }, headers: { origin: listed.url } };
    expect(await refusalOf(options, listed.url)).toMatchObject({ code: 4403 });
  });

  it('a cookie without any Origin', async () => {
    expect(await refusalOf({ headers: { cookie: me.cookie } })).toMatchObject({ code: 4403 });
    expect(await refusalOf({ headers: { cookie: `ws_token=${me.token}` } })).toMatchObject({ code: 4403 });
  });

  it('but not what is on the list', async () => {
    const options = { auth: { token: me.token }, headers: { origin: LISTED } };
    expect(await userOf(options, listed.url)).toMatchObject({ username: 'operator' });
  });
});

describe('a token bound to a device', () => {
  let bound: LoggedIn;
  const headers = { 'user-agent': 'Browser/1', 'x-device-id': 'desk-1' };
  beforeAll(async () => {
    bound = await login(gateway.url, 'operator', headers);
  });

  it('is good there', async () => {
    expect(await userOf({ auth: { token: bound.token, deviceId: 'desk-1' } })).toMatchObject({
      username: 'operator',
    });
  });

  it.each([{ deviceId: 'desk-2' }, {}])('is refused with %j', async (device) => {
    expect(await refusalOf({ auth: { token: bound.token, ...device } })).toMatchObject({
      code: 4401,
      reason: 'The token belongs to another device.',
    });
  });

  it('holds for the session cookie as well', async () => {
    const options = { headers: { cookie: bound.cookie, origin: gateway.url } };
    expect(await refusalOf({ ...options, auth: { deviceId: 'desk-2' } })).toMatchObject({ code: 4401 });
    expect(await userOf({ ...options, auth: { deviceId: 'desk-1' } })).toMatchObject({
      username: 'operator',
    });
  });

  describe('when binding is strict', () => {
    let strict: TestGateway;
    beforeAll(async () => {
      const env = { WEBSOCKET_TOKEN_BINDING_STRICT: 'true', TRUSTED_PROXIES: '127.0.0.1' };
      strict = await bus.startGateway({ ...env, WEBSOCKET_MAX_ANONYMOUS_PER_IP: '1000' });
      bound = await login(strict.url, 'operator', { ...headers, 'x-forwarded-for': '203.0.113.5' });
    });

    it('is good on the same device, within its network', async () => {
      const moved = { 'user-agent': 'Browser/1', 'x-forwarded-for': '203.0.113.99' };
      const options = { auth: { token: bound.token, deviceId: 'desk-1' }, headers: moved };
      expect(await userOf(options, strict.url)).toMatchObject({ username: 'operator' });
    });

    it.each([
      ['network', { 'user-agent': 'Browser/1', 'x-forwarded-for': '198.51.100.5' }, 'desk-1'],
      ['browser', { 'user-agent': 'Browser/2', 'x-forwarded-for': '203.0.113.5' }, 'desk-1'],
      ['device', { 'user-agent': 'Browser/1', 'x-forwarded-for': '203.0.113.5' }, 'desk-2'],
    ])('is refused from another %s', async (_name, elsewhere, deviceId) => {
      const options = { auth: { token: bound.token, deviceId }, headers: elsewhere };
      expect(await refusalOf(options, strict.url)).toMatchObject({ code: 4401 });
    });

    it('is the only kind that is accepted', async () => {
      const token = await craftToken(bus.organisation.operator);
      expect(await refusalOf({ auth: { token, deviceId: 'desk-1' } }, strict.url)).toMatchObject({
        code: 4401,
        reason: 'The token is not bound to a device.',
      });
    });

    it('cannot be moved by writing X-Forwarded-For himself where no proxy is trusted', async () => {
      const untrusting = await bus.startGateway({ WEBSOCKET_TOKEN_BINDING_STRICT: 'true' });
      const options = {
        auth: { token: bound.token, deviceId: 'desk-1' },
        headers: { 'user-agent': 'Browser/1', 'x-forwarded-for': '203.0.113.5' },
      };
      expect(await refusalOf(options, untrusting.url)).toMatchObject({ code: 4401 });
    });
  });
});
