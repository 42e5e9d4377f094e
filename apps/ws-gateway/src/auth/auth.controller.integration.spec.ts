import { AuditLog, STAFF_SCOPE } from '@bus/database';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { bearer, http, login } from '../fixtures/test-browser.fixture.ts';
import { createTestBus, type TestBus, type TestGateway } from '../fixtures/test-bus.fixture.ts';
import { PASSWORD } from '../fixtures/test-organisation.fixture.ts';
import { usernameHash } from './login-throttle.ts';

let bus: TestBus;
let gateway: TestGateway;
let other: TestGateway;

beforeAll(async () => {
  bus = await createTestBus({ redisUrl: inject('redisUrl'), databaseUrl: inject('databaseUrl') });
  const env = { LOGIN_FAILURES_PER_IP: '20', LOGIN_FAILURES_PER_USERNAME: '3', TRUSTED_PROXIES: '127.0.0.1' };
  gateway = await bus.startGateway(env);
  other = await bus.startGateway(env);
});
afterAll(() => bus.close());

const tryLogin = (body: unknown, headers: Record<string, string> = {}, url = gateway.url) =>
  http(`${url}/auth/login`, { method: 'POST', body, headers });

describe('POST /auth/login', () => {
  it('gives a short-lived token, the user, and a session cookie that no script can read', async () => {
    const { body, headers } = await tryLogin({ username: 'Operator', password: PASSWORD });
    const { id } = bus.organisation.operator;
    expect(body.user).toEqual({ id, username: 'operator', role: 'noc_operator', tenant_id: null });
    expect(body.token.split('.')).toHaveLength(3);
    const lifetimeMs = new Date(body.expires_at).getTime() - Date.now();
    expect(lifetimeMs).toBeGreaterThan(890_000);
    expect(lifetimeMs).toBeLessThanOrEqual(900_000);
    expect(headers.get('set-cookie')).toMatch(
      /^bus_session=[\w-]{43}; Path=\/; Expires=[^;]+; HttpOnly; SameSite=Strict$/,
    );
  });

  it('makes the cookie a secure one behind TLS, which plain HTTP cannot set or replace', async () => {
    const { headers } = await tryLogin(
      { username: 'operator', password: PASSWORD },
      { 'x-forwarded-proto': 'https' },
    );
    expect(headers.get('set-cookie')).toMatch(
      /^__Host-bus_session=[\w-]{43}; Path=\/; .*; Secure; SameSite=Strict$/,
    );
  });

  it('looks the same for an unknown name and a wrong password', async () => {
    const from = { 'x-forwarded-for': '198.51.100.1' };
    const unknown = await tryLogin({ username: 'nobody', password: PASSWORD }, from);
    const wrong = await tryLogin({ username: 'operator', password: 'wrong' }, from);
    expect(unknown.status).toBe(401);
    expect(wrong.status).toBe(401);
    expect(unknown.body).toEqual(wrong.body);
    expect(wrong.headers.get('set-cookie')).toBeNull();
  });

  it.each([
    ['password', { username: 'operator' }],
    ['username', { password: PASSWORD }],
    ['username', { username: { $ne: '' }, password: PASSWORD }],
    ['username', { username: 'x'.repeat(151), password: PASSWORD }],
    ['password', { username: 'operator', password: 'x'.repeat(1025) }],
    ['(message)', []],
  ])('names a wrong %s', async (field, body) => {
    const answer = await tryLogin(body);
    expect(answer.status).toBe(400);
    expect(answer.body).toMatchObject({ code: 4400, field });
  });

  it('takes JSON only, of a bearable size', async () => {
    const form = await http(`${gateway.url}/auth/login`, {
      method: 'POST',
      body: `username=operator&password=${PASSWORD}`,
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
    });
    expect([form.status, form.body.code]).toEqual([415, 4415]);
    const text = await tryLogin(JSON.stringify({ username: 'operator', password: PASSWORD }), {
      'content-type': 'text/plain',
    });
    expect(text.status).toBe(415);
    const broken = await tryLogin('{"username":');
    expect([broken.status, broken.body]).toEqual([
      400,
      { code: 4400, reason: 'The body is not valid JSON.' },
    ]);
    const large = await tryLogin({ username: 'operator', password: 'x'.repeat(70_000) });
    expect([large.status, large.body.code]).toEqual([413, 4413]);
  });

  it.each(['https://evil.example', 'null', 'http://127.0.0.1'])(
    'is not done for a page of %s',
    async (origin) => {
      const answer = await tryLogin({ username: 'operator', password: PASSWORD }, { origin });
      expect([answer.status, answer.body.code]).toEqual([403, 4403]);
    },
  );

  it('never answers a question of another site about what it would allow', async () => {
    const preflight = await http(`${gateway.url}/auth/login`, {
      method: 'OPTIONS',
      headers: { origin: 'https://evil.example', 'access-control-request-method': 'POST' },
    });
    expect(preflight.headers.get('access-control-allow-origin')).toBeNull();
    expect(preflight.status).toBe(404);
  });

  it('is throttled by name over all gateways, in any spelling, also for the right password', async () => {
    const guess = (username: string, password: string, url: string, ip: string) =>
      tryLogin({ username, password }, { 'x-forwarded-for': ip }, url);
    const { username } = bus.organisation.north.user;
    expect((await guess(username, 'a', gateway.url, '198.51.100.10')).status).toBe(401);
    expect((await guess(username.toUpperCase(), 'b', other.url, '198.51.100.11')).status).toBe(401);
    expect((await guess(` ${username}`, 'c', gateway.url, '198.51.100.12')).status).toBe(401);
    const refused = await guess(username, PASSWORD, other.url, '198.51.100.13');
    expect(refused.status).toBe(429);
    expect(refused.body).toMatchObject({ code: 4429, retry_after_seconds: expect.any(Number) });
    expect(Number(refused.headers.get('retry-after'))).toBe(refused.body.retry_after_seconds);
  });

  it('is throttled by address, for any number of names, and counts tries made at the same moment', async () => {
    const answers = await Promise.all(
      Array.from({ length: 30 }, (_, n) =>
        tryLogin({ username: `nobody-${n}`, password: 'x' }, { 'x-forwarded-for': '198.51.100.77' }),
      ),
    );
    const guesses = answers.filter(({ status }) => status === 401).length;
    expect(guesses).toBeGreaterThan(0);
    expect(guesses).toBeLessThanOrEqual(20);
    expect(answers.filter(({ status }) => status === 429).length).toBe(30 - guesses);
  });

  it('does not count successful logins', async () => {
    const headers = { 'x-forwarded-for': '198.51.100.88' };
    for (let time = 0; time < 5; time += 1) {
      expect(await login(gateway.url, 'other.operator', headers)).toMatchObject({ user: { role: 'admin' } });
    }
  });

  it('leaves an audit line for success and failure, without what was typed', async () => {
    const { id } = bus.organisation.operator;
    const audit = new AuditLog(bus.pool);
    const success = await audit.list({
      subjectType: 'user',
      subjectId: String(id),
      scope: STAFF_SCOPE,
      limit: 50,
    });
    expect(success).toContainEqual(expect.objectContaining({ action: 'logged_in', actorUserId: id }));
    const subjectId = `sha256:${usernameHash('nobody')}`;
    const failure = await audit.list({ subjectType: 'login_name', subjectId, scope: STAFF_SCOPE, limit: 50 });
    expect(failure).toContainEqual(
      expect.objectContaining({
        action: 'login_failed',
        actorUserId: null,
        details: { address: '198.51.100.1' },
      }),
    );
    const { rows } = await bus.pool.query('select * from audit_log');
    expect(JSON.stringify(rows)).not.toContain('nobody');
  });
});

describe('POST /auth/token', () => {
  const renew = (headers: Record<string, string>) => http(`${gateway.url}/auth/token`, { body: {}, headers });

  it('gives a fresh token for the session', async () => {
    const me = await login(gateway.url, 'operator');
    const { status, body } = await renew({ cookie: me.cookie, origin: gateway.url });
    expect(status).toBe(200);
    expect(body.user).toEqual(me.user);
    expect(body.token).not.toBe(me.token);
    expect((await http(`${gateway.url}/api/alerts`, { headers: bearer(body) })).status).toBe(200);
  });

  it.each<Record<string, string>>([{}, { origin: 'https://evil.example' }, { origin: 'null' }])(
    'is refused with the Origin of %j',
    async (headers) => {
      const me = await login(gateway.url, 'operator');
      const answer = await renew({ cookie: me.cookie, ...headers });
      expect([answer.status, answer.body.code]).toEqual([403, 4403]);
    },
  );

  it('is refused without a session, and with another device', async () => {
    expect((await renew({ origin: gateway.url })).status).toBe(401);
    const bound = await login(gateway.url, 'operator', { 'x-device-id': 'desk-1' });
    const stolen = await renew({ cookie: bound.cookie, origin: gateway.url, 'x-device-id': 'desk-2' });
    expect([stolen.status, stolen.body.code]).toEqual([401, 4401]);
  });
});

describe('POST /auth/logout', () => {
  const logout = (headers: Record<string, string>) =>
    http(`${gateway.url}/auth/logout`, { body: {}, headers });

  it('ends the session and every token that came from it, on every gateway', async () => {
    const me = await login(gateway.url, 'operator');
    const headers = { cookie: me.cookie, origin: gateway.url };
    const second = (await http(`${gateway.url}/auth/token`, { body: {}, headers })).body;
    const answer = await logout(headers);
    expect(answer.status).toBe(204);
    expect(answer.headers.get('set-cookie')).toMatch(/^bus_session=; .*Expires=Thu, 01 Jan 1970/);
    for (const { url } of [gateway, other]) {
      for (const credential of [bearer(me), bearer(second), { cookie: me.cookie }]) {
        const refused = await http(`${url}/api/alerts`, { headers: credential });
        expect([refused.status, refused.body.code]).toEqual([401, 4401]);
      }
    }
  });

  it('works with a token alone', async () => {
    const me = await login(gateway.url, 'operator');
    expect((await logout(bearer(me))).status).toBe(204);
    expect((await http(`${gateway.url}/api/alerts`, { headers: { cookie: me.cookie } })).status).toBe(401);
  });

  it('cannot be done from another site', async () => {
    const me = await login(gateway.url, 'operator');
    expect((await logout({ cookie: me.cookie, origin: 'https://evil.example' })).status).toBe(403);
    expect((await logout({ cookie: me.cookie })).status).toBe(403);
    const form = {
      cookie: me.cookie,
      origin: gateway.url,
      'content-type': 'application/x-www-form-urlencoded',
    };
    expect((await logout(form)).status).toBe(415);
    expect((await http(`${gateway.url}/api/alerts`, { headers: { cookie: me.cookie } })).status).toBe(200);
  });
});

it('in production nobody gets in with a demo account, whenever it was made', async () => {
  const { rows } = await bus.pool.query(
    `insert into users (username, role, tenant_id, password_hash, is_demo)
     select 'demo.operator', role, tenant_id, password_hash, true from users where username = 'operator' returning id`,
  );
  expect(rows).toHaveLength(1);
  const { AuthService } = await import('./auth.service.ts');
  const { RuntimeSettings } = await import('@bus/platform');
  const production = await bus.startGateway();
  production.app.get(RuntimeSettings).NODE_ENV = 'production';
  const device = { deviceId: undefined, userAgent: '', address: '203.0.113.1' };
  const auth = production.app.get(AuthService);
  await expect(auth.login('demo.operator', PASSWORD, device)).rejects.toMatchObject({
    kind: 'unauthenticated',
  });
  await expect(auth.login('operator', PASSWORD, device)).resolves.toBeDefined();
});
