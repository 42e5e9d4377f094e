import { ChannelLayer } from '@bus/channel-layer';
import { UserQueries } from '@bus/database';
import { redisKeys, RedisConnections } from '@bus/platform';
import { waitFor } from '@bus/testing';
import { afterAll, afterEach, beforeAll, describe, expect, inject, it } from 'vitest';
import { craftToken } from '../fixtures/craft-token.fixture.ts';
import { bearer, http, login, TestBrowser } from '../fixtures/test-browser.fixture.ts';
import { createTestBus, type TestBus, type TestGateway } from '../fixtures/test-bus.fixture.ts';
import { SessionEndings } from './session-endings.ts';

let bus: TestBus;
let here: TestGateway;
let there: TestGateway;
const browsers: TestBrowser[] = [];

beforeAll(async () => {
  bus = await createTestBus({ redisUrl: inject('redisUrl'), databaseUrl: inject('databaseUrl') });
  // Without looking again by itself, so that nothing but what is tested can end a socket.
  here = await bus.startGateway({ SESSION_RECHECK_SECONDS: '3600' });
  there = await bus.startGateway({ SESSION_RECHECK_SECONDS: '3600' });
});
afterEach(() => {
  for (const browser of browsers.splice(0)) browser.close();
});
afterAll(() => bus.close());

async function open(gateway: TestGateway, token: string): Promise<TestBrowser> {
  const browser = new TestBrowser(gateway.url, { auth: { token } });
  browsers.push(browser);
  await browser.subscribed();
  return browser;
}

/** How a browser was sent away: what it was told, and the disconnect after which Socket.IO does not come back by itself. */
async function endOf(browser: TestBrowser): Promise<{ code: number; reason: string; disconnect: string }> {
  const told = (await browser.event('session_ended')) as { code: number; reason: string };
  return { ...told, disconnect: await browser.disconnected };
}

const ended = (reason: string) => ({ code: 4401, reason, disconnect: 'io server disconnect' });

describe('a live socket ends', () => {
  it('when its token expires', async () => {
    const token = await craftToken(bus.organisation.operator, { exp: Math.floor(Date.now() / 1000) + 2 });
    expect(await endOf(await open(here, token))).toEqual(ended('token_expired'));
  });

  it('when its session expires', async () => {
    const shortLived = await bus.startGateway({ SESSION_LIFETIME_SECONDS: '2' });
    const me = await login(shortLived.url, 'operator');
    const browser = new TestBrowser(shortLived.url, {
      headers: { cookie: me.cookie, origin: shortLived.url },
    });
    browsers.push(browser);
    await browser.subscribed();
    expect(await endOf(browser)).toEqual(ended('session_expired'));
    expect((await http(`${shortLived.url}/api/alerts`, { headers: { cookie: me.cookie } })).status).toBe(401);
  });

  it('on every gateway when its user logs out of that session, and only then', async () => {
    const me = await login(here.url, 'operator');
    const sameUser = await login(here.url, 'operator');
    const [onHere, onThere, otherLogin] = await Promise.all([
      open(here, me.token),
      open(there, me.token),
      open(there, sameUser.token),
    ]);
    await http(`${here.url}/auth/logout`, { body: {}, headers: bearer(me) });
    expect(await Promise.all([endOf(onHere), endOf(onThere)])).toEqual([
      ended('logged_out'),
      ended('logged_out'),
    ]);
    expect(await otherLogin.ask('heartbeat')).toMatchObject({ ok: true });
    const again = new TestBrowser(there.url, { auth: { token: me.token } });
    browsers.push(again);
    expect(await again.refusal()).toMatchObject({ code: 4401, reason: 'The token was revoked.' });
  });

  it('when its session is gone, even if nobody told this gateway', async () => {
    const me = await login(here.url, 'operator');
    const browser = await open(there, me.token);
    const connections = new RedisConnections({ REDIS_URL: bus.redisUrl });
    const { sid } = JSON.parse(Buffer.from(me.token.split('.')[1]!, 'base64url').toString()) as {
      sid: string;
    };
    expect(await connections.commands.del(redisKeys.session(sid))).toBe(1);
    await connections.closeAll();
    await there.app.get(SessionEndings).recheckAll();
    expect(await endOf(browser)).toEqual(ended('logged_out'));
  });

  it('when a single token was revoked, and that token opens nothing any more', async () => {
    const token = await craftToken(bus.organisation.operator, { jti: 'single-token' });
    const browser = await open(there, token);
    const headers = { authorization: `Bearer ${token}` };
    expect((await http(`${here.url}/auth/logout`, { body: {}, headers })).status).toBe(204);
    expect(await endOf(browser)).toEqual(ended('logged_out'));
    expect((await http(`${there.url}/api/alerts`, { headers })).status).toBe(401);
    const again = new TestBrowser(there.url, { auth: { token } });
    browsers.push(again);
    expect(await again.refusal()).toMatchObject({ code: 4401, reason: 'The token was revoked.' });
  });

  it.each([
    ['is deactivated', `update users set is_active = false where id = $1`],
    ['gets another role', `update users set role = 'supervisor' where id = $1`],
    ['moves to another tenant', `update users set tenant_id = $2 where id = $1`],
  ])('soon after its user %s', async (_name, statement) => {
    const { north, south } = bus.organisation;
    await bus.pool.query(
      `update users set is_active = true, role = 'tenant_user', tenant_id = $2 where id = $1`,
      [north.user.id, north.tenantId],
    );
    const gateway = await bus.startGateway({ SESSION_RECHECK_SECONDS: '1' });
    const browser = await open(gateway, await craftToken(north.user));
    const values = statement.includes('$2') ? [north.user.id, south.tenantId] : [north.user.id];
    await bus.pool.query(statement, values);
    expect(await endOf(browser)).toEqual(ended('account_changed'));
  });

  it('when all sessions of its user were ended, for example by a new password', async () => {
    const gateway = await bus.startGateway({ SESSION_RECHECK_SECONDS: '1' });
    const me = await login(gateway.url, 'other.operator');
    const browser = await open(gateway, me.token);
    await new UserQueries(bus.pool).endSessions(me.user.id);
    expect(await endOf(browser)).toEqual(ended('account_changed'));
  });
});

it('a supervisor who loses a client stops hearing it, and is told so', async () => {
  const { north } = bus.organisation;
  const [clientId] = north.clientIds;
  const group = `noc_client_${clientId}`;
  const browser = await open(here, await craftToken(north.supervisor));
  expect(await browser.ask('subscribe_client', { client_id: clientId })).toMatchObject({ ok: true });
  await bus.pool.query('update clients set supervisor_user_id = null where id = $1', [clientId]);
  await here.app.get(SessionEndings).recheckAll();
  expect(await browser.event('gap')).toEqual({ group, epoch: '', offset: '0', reason: 'forbidden' });
  const channel = there.app.get(ChannelLayer);
  await channel.broadcastToGroup({ groupName: group, messageType: 'alert_notification', data: {} });
  await channel.broadcastToUser({ userId: north.supervisor.id, messageType: 'system_alert', data: {} });
  await browser.event('system_alert');
  expect(browser.of('alert_notification')).toEqual([]);
});

it('a live socket does not end because Postgres is away', async () => {
  const browser = await open(there, await craftToken(bus.organisation.operator));
  await bus.pool.query('alter table users rename to users_away');
  try {
    const gateway = await bus.startGateway({ SESSION_RECHECK_SECONDS: '3600' });
    // Nothing is remembered here yet, so this asks Postgres and gets an error.
    const newcomer = await open(gateway, await craftToken(bus.organisation.operator));
    await gateway.app.get(SessionEndings).recheckAll();
    expect(await newcomer.ask('heartbeat')).toMatchObject({ ok: true });
  } finally {
    await bus.pool.query('alter table users_away rename to users');
  }
  expect(await browser.ask('heartbeat')).toMatchObject({ ok: true });
});

it('an ended browser leaves nothing behind', async () => {
  const gateway = await bus.startGateway();
  const browser = await open(gateway, await craftToken(bus.organisation.operator));
  browser.close();
  const { LiveSessions } = await import('./live-sessions.ts');
  await waitFor(() => gateway.app.get(LiveSessions).size === 0);
  const connections = new RedisConnections({ REDIS_URL: bus.redisUrl });
  const key = redisKeys.connections('user', bus.organisation.operator.id);
  const own = async () =>
    (await connections.commands.zrange(key, '0', '-1')).filter((member) =>
      member.startsWith(gateway.settings.runtime.INSTANCE_ID),
    );
  await waitFor(async () => (await own()).length === 0);
  expect(await own()).toEqual([]);
  await connections.closeAll();
});
