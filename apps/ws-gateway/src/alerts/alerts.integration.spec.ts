import { AuditLog, STAFF_SCOPE } from '@bus/database';
import { waitFor } from '@bus/testing';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { craftToken } from '../fixtures/craft-token.fixture.ts';
import { http, login, TestBrowser } from '../fixtures/test-browser.fixture.ts';
import { createTestBus, type TestBus, type TestGateway } from '../fixtures/test-bus.fixture.ts';
import { storeAlert, type TestPerson } from '../fixtures/test-organisation.fixture.ts';

let bus: TestBus;
let here: TestGateway;
let there: TestGateway;
const browsers: TestBrowser[] = [];

beforeAll(async () => {
  bus = await createTestBus({ redisUrl: inject('redisUrl'), databaseUrl: inject('databaseUrl') });
  here = await bus.startGateway({ WEBSOCKET_MESSAGES_PER_MINUTE: '1000' });
  there = await bus.startGateway({ WEBSOCKET_MESSAGES_PER_MINUTE: '1000' });
});
beforeEach(() => bus.pool.query('truncate device_alerts'));
afterEach(() => {
  for (const browser of browsers.splice(0)) browser.close();
});
afterAll(() => bus.close());

async function open(gateway: TestGateway, person: TestPerson): Promise<TestBrowser> {
  const browser = new TestBrowser(gateway.url, { auth: { token: await craftToken(person) } });
  browsers.push(browser);
  await browser.subscribed();
  return browser;
}

const authorization = async (person: TestPerson) => ({ authorization: `Bearer ${await craftToken(person)}` });

describe('acknowledging', () => {
  it('is told to every screen that shows the alert, once', async () => {
    const { operator, otherOperator, north } = bus.organisation;
    const { alert_id } = await storeAlert(bus.pool, north.devices[0]);
    const [acting, staff, tenant] = await Promise.all([
      open(here, operator),
      open(there, otherOperator),
      open(there, north.user),
    ]);
    await staff.ask('subscribe_client', { client_id: north.clientIds[0] });
    const answer = await acting.ask('acknowledge_alert', { alert_id, note: 'Guard is on the way' });
    expect(answer).toMatchObject({
      ok: true,
      changed: true,
      alert: { alert_id, status: 'acknowledged', note: 'Guard is on the way', version: 2 },
    });
    const seen = [
      { browser: acting, group: 'noc_dashboard' },
      { browser: staff, group: 'noc_dashboard' },
      { browser: staff, group: `noc_client_${north.clientIds[0]}` },
      { browser: tenant, group: `tenant_${north.tenantId}` },
    ];
    for (const { browser, group } of seen) {
      const event = await browser.event('alert_updated', (envelope) => envelope.group === group);
      expect(event).toMatchObject({
        type: 'alert_updated',
        group,
        data: (answer as { alert?: object }).alert,
      });
    }
    expect(await acting.ask('acknowledge_alert', { alert_id })).toMatchObject({ ok: true, changed: false });
    await staff.ask('heartbeat');
    expect(staff.of('alert_updated')).toHaveLength(2);
    expect(tenant.of('alert_updated')).toHaveLength(1);
  });

  it('by two operators at the same moment is done by one of them; both learn who it was', async () => {
    const { operator, otherOperator, north } = bus.organisation;
    for (let round = 0; round < 5; round += 1) {
      const { alert_id } = await storeAlert(bus.pool, north.devices[0]);
      const [first, second] = await Promise.all([open(here, operator), open(there, otherOperator)]);
      const answers = await Promise.all([
        first.ask('acknowledge_alert', { alert_id }),
        second.ask('acknowledge_alert', { alert_id }),
        http(`${there.url}/api/alerts/${alert_id}/acknowledge`, {
          body: {},
          headers: await authorization(operator),
        }),
      ]);
      const results = answers.map((answer) => ('body' in answer ? answer.body : answer));
      expect(results.filter(({ changed }) => changed === true)).toHaveLength(1);
      const winners = new Set(results.map(({ alert }) => alert.acknowledged_by as string));
      expect(winners.size).toBe(1);
      const update = (envelope: any) => envelope.data.alert_id === alert_id;
      await Promise.all([first.event('alert_updated', update), second.event('alert_updated', update)]);
      await first.ask('heartbeat');
      expect(first.of('alert_updated').filter(update)).toHaveLength(1);
      const audit = await new AuditLog(bus.pool).list({
        subjectType: 'alert',
        subjectId: String(alert_id),
        scope: STAFF_SCOPE,
        limit: 10,
      });
      expect(audit.map(({ action }) => action)).toEqual(['alert_acknowledged']);
    }
  });

  it.each([
    ['alert_id', {}],
    ['alert_id', { alert_id: '1' }],
    ['alert_id', { alert_id: 0 }],
    ['note', { alert_id: 1, note: 5 }],
    ['note', { alert_id: 1, note: 'x'.repeat(2001) }],
  ])('with a wrong %s is refused by its name', async (field, body) => {
    const browser = await open(here, bus.organisation.operator);
    expect(await browser.ask('acknowledge_alert', body)).toMatchObject({ ok: false, code: 4400, field });
  });
});

describe('resolving', () => {
  it('closes an alert for good', async () => {
    const { operator, north } = bus.organisation;
    const { alert_id } = await storeAlert(bus.pool, north.devices[0]);
    const browser = await open(here, operator);
    expect(await browser.ask('resolve_alert', { alert_id })).toMatchObject({
      ok: true,
      changed: true,
      alert: { status: 'resolved' },
    });
    expect(await browser.ask('acknowledge_alert', { alert_id })).toMatchObject({ ok: false, code: 4409 });
    const overHttp = await http(`${here.url}/api/alerts/${alert_id}/acknowledge`, {
      body: {},
      headers: await authorization(operator),
    });
    expect([overHttp.status, overHttp.body.code]).toEqual([409, 4409]);
    await browser.event('alert_updated', ({ data }) => data.status === 'resolved');
  });

  it('works over HTTP with a token and without a body, and with a cookie only from an allowed page', async () => {
    const { operator, north } = bus.organisation;
    const first = await storeAlert(bus.pool, north.devices[0]);
    const second = await storeAlert(bus.pool, north.devices[0]);
    const url = (id: number) => `${here.url}/api/alerts/${id}/resolve`;
    const answer = await http(url(first.alert_id), {
      method: 'POST',
      headers: await authorization(operator),
    });
    expect([answer.status, answer.body.changed]).toEqual([200, true]);

    const unread = { ...(await authorization(operator)), 'content-type': 'text/plain' };
    expect((await http(url(second.alert_id), { body: '{"note":"lost?"}', headers: unread })).status).toBe(
      415,
    );

    const { cookie } = await login(here.url, 'operator');
    expect((await http(url(second.alert_id), { body: {}, headers: { cookie } })).status).toBe(403);
    const evil = { cookie, origin: 'https://evil.example' };
    expect((await http(url(second.alert_id), { body: {}, headers: evil })).status).toBe(403);
    const form = { cookie, origin: here.url, 'content-type': 'text/plain' };
    expect((await http(url(second.alert_id), { body: '{}', headers: form })).status).toBe(415);
    expect(
      (await http(url(second.alert_id), { body: {}, headers: { cookie, origin: here.url } })).status,
    ).toBe(200);
  });
});

describe('GET /api/alerts', () => {
  it('pages through everything once, most urgent first, with filters', async () => {
    const { operator, north, south } = bus.organisation;
    const headers = await authorization(operator);
    const severities = ['low', 'critical', 'medium', 'high', 'info'] as const;
    for (const severity of severities) await storeAlert(bus.pool, north.devices[0], { severity });
    await storeAlert(bus.pool, south.devices[0], { severity: 'critical' });
    const get = async (query: string) => (await http(`${here.url}/api/alerts?${query}`, { headers })).body;
    const seen: string[] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const page: any = await get(`client_id=${north.clientIds[0]}&limit=2&cursor=${cursor}`);
      seen.push(...page.alerts.map(({ severity }: { severity: string }) => severity));
      cursor = page.next_cursor as string | null;
    }
    expect(seen).toEqual(['critical', 'high', 'medium', 'low', 'info']);
    expect((await get('severity=critical')).alerts).toHaveLength(2);
    expect((await get('status=new')).alerts).toHaveLength(6);
    expect((await get('status=resolved')).alerts).toEqual([]);
  });

  it.each([
    ['status', 'status=open'],
    ['severity', 'severity=loud'],
    ['client_id', 'client_id=x'],
    ['client_id', 'client_id=1e3'],
    ['client_id', 'client_id=99999999999'],
    ['limit', 'limit=0'],
    ['limit', 'limit=201'],
    ['cursor', 'cursor=nonsense'],
    ['cursor', `cursor=${'x'.repeat(301)}`],
    ['status', 'status=new&status=resolved'],
    ['query.token', 'token=x'],
  ])('names a wrong %s', async (field, query) => {
    const headers = await authorization(bus.organisation.operator);
    const answer = await http(`${here.url}/api/alerts?${query}`, { headers });
    expect([answer.status, answer.body.code, answer.body.field]).toEqual([400, 4400, field]);
  });
});

it('while the database is away changes are refused as such, and nothing else stops', async () => {
  const { operator, north } = bus.organisation;
  const { alert_id } = await storeAlert(bus.pool, north.devices[0]);
  const browser = await open(here, operator);
  const blocked = await bus.startGateway({ DATABASE_URL: 'postgresql://nobody@127.0.0.1:9/none' });
  const cutOff = await open(blocked, operator);
  expect(await cutOff.ask('acknowledge_alert', { alert_id })).toMatchObject({ ok: false, code: 4503 });
  expect(await cutOff.ask('request_metrics')).toMatchObject({ ok: false, code: 4503 });
  expect((await http(`${blocked.url}/api/alerts`, { headers: await authorization(operator) })).status).toBe(
    503,
  );
  expect(await cutOff.ask('heartbeat')).toMatchObject({ ok: true });
  expect((await http(`${blocked.url}/healthz/ready`)).body).toEqual({ ready: true });
  // Others still act, and this gateway still shows it.
  await browser.ask('acknowledge_alert', { alert_id });
  await cutOff.event('alert_updated', ({ data }) => data.alert_id === alert_id);
});

it('devices count as connected from what they reported lately', async () => {
  const { operator, north } = bus.organisation;
  const report = `insert into device_telemetry (source_id, message_id, device_time, received_at, clock_suspect, raw, readings)
    values ($1, $2, now() - $3::interval, now(), false, '{}', '{}')`;
  await bus.pool.query(report, [north.devices[0].externalId, 'recent', '10 seconds']);
  await bus.pool.query(report, [north.devices[1].externalId, 'old', '10 minutes']);
  const browser = await open(here, operator);
  const numbers = await waitFor(() => browser.ask('request_metrics', {}));
  expect(numbers).toMatchObject({
    ok: true,
    devices: { total: 4, connected: 1, connected_within_seconds: 300 },
  });
});
