import { ChannelLayer } from '@bus/channel-layer';
import type { AlertView, GroupName } from '@bus/payload-schemas';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { craftToken } from '../fixtures/craft-token.fixture.ts';
import { http, TestBrowser } from '../fixtures/test-browser.fixture.ts';
import { createTestBus, type TestBus, type TestGateway } from '../fixtures/test-bus.fixture.ts';
import { storeAlert, type TestPerson } from '../fixtures/test-organisation.fixture.ts';

let bus: TestBus;
let gateway: TestGateway;
let other: TestGateway;
let channel: ChannelLayer;
const browsers: TestBrowser[] = [];

beforeAll(async () => {
  bus = await createTestBus({ redisUrl: inject('redisUrl'), databaseUrl: inject('databaseUrl') });
  gateway = await bus.startGateway({ WEBSOCKET_MESSAGES_PER_MINUTE: '1000' });
  other = await bus.startGateway({ WEBSOCKET_MESSAGES_PER_MINUTE: '1000' });
  channel = other.app.get(ChannelLayer);
});
beforeEach(() => bus.pool.query('truncate device_alerts'));
afterEach(() => {
  for (const browser of browsers.splice(0)) browser.close();
});
afterAll(() => bus.close());

async function open(person: TestPerson, resume: unknown[] = []): Promise<TestBrowser> {
  const browser = new TestBrowser(gateway.url, { auth: { token: await craftToken(person), resume } });
  browsers.push(browser);
  await browser.subscribed();
  return browser;
}

const headersOf = async (person: TestPerson) => ({ authorization: `Bearer ${await craftToken(person)}` });

const ascending = (a: number, b: number) => a - b;

function groupsOfAll(): GroupName[] {
  const { north, south, operator } = bus.organisation;
  return [
    'noc_dashboard',
    `noc_client_${north.clientIds[0]}`,
    `noc_client_${north.clientIds[1]}`,
    `noc_client_${south.clientIds[0]}`,
    `tenant_${north.tenantId}`,
    `tenant_${south.tenantId}`,
    `user_${operator.id}`,
    `user_${north.user.id}`,
    `user_${south.user.id}`,
  ];
}

/** Says something in every group there is, so that a leak is heard, and then something everybody in question must hear. */
async function speakEverywhere(listener: TestPerson): Promise<void> {
  const handed = await channel.broadcastMany(
    groupsOfAll().map((groupName) => ({
      groupName,
      messageType: 'alert_notification',
      data: { said_to: groupName },
    })),
  );
  expect(handed.every(Boolean)).toBe(true);
  await channel.broadcastToUser({ userId: listener.id, messageType: 'system_alert', data: { last: true } });
}

async function heardBy(browser: TestBrowser, person: TestPerson): Promise<string[]> {
  await speakEverywhere(person);
  await browser.event('system_alert');
  // Another round trip through Redis and back, behind everything that was said.
  await browser.ask('heartbeat');
  return browser
    .of('alert_notification')
    .map(({ data }) => data.said_to as string)
    .toSorted();
}

describe('rooms', () => {
  it('staff hears the operations centre, and clients it asked for', async () => {
    const { operator, south } = bus.organisation;
    const browser = await open(operator);
    expect((await browser.subscribed()).groups.map(({ group }) => group)).toEqual([
      `user_${operator.id}`,
      'noc_dashboard',
    ]);
    expect(await browser.ask('subscribe_client', { client_id: south.clientIds[0] })).toMatchObject({
      ok: true,
      group: `noc_client_${south.clientIds[0]}`,
      result: 'live',
      epoch: expect.any(String),
      offset: expect.any(String),
    });
    expect(await heardBy(browser, operator)).toEqual(
      ['noc_dashboard', `noc_client_${south.clientIds[0]}`, `user_${operator.id}`].toSorted(),
    );
  });

  it('a tenant user hears the own tenant and its clients, nobody else', async () => {
    const { north, south } = bus.organisation;
    const browser = await open(north.user);
    const own = await browser.ask('subscribe_client', { client_id: north.clientIds[1] });
    expect(own).toMatchObject({ ok: true });
    const foreign = await browser.ask('subscribe_client', { client_id: south.clientIds[0] });
    const unknown = await browser.ask('subscribe_client', { client_id: 999_999 });
    expect(foreign).toMatchObject({ ok: false, code: 4403 });
    expect(unknown).toEqual(foreign);
    expect(await heardBy(browser, north.user)).toEqual(
      [`noc_client_${north.clientIds[1]}`, `tenant_${north.tenantId}`, `user_${north.user.id}`].toSorted(),
    );
  });

  it('a supervisor follows only the clients he supervises', async () => {
    const { north } = bus.organisation;
    const browser = await open(north.supervisor);
    expect(await browser.ask('subscribe_client', { client_id: north.clientIds[0] })).toMatchObject({
      ok: true,
    });
    expect(await browser.ask('subscribe_client', { client_id: north.clientIds[1] })).toMatchObject({
      ok: false,
      code: 4403,
    });
  });

  it.each([0, -1, 1.5, '1', null, [1], { a: 1 }, 2 ** 53])('a client %j is none', async (clientId) => {
    const browser = await open(bus.organisation.operator);
    expect(await browser.ask('subscribe_client', { client_id: clientId })).toMatchObject({
      ok: false,
      code: 4400,
      field: 'client_id',
    });
  });
});

describe('resume and history', () => {
  it('give nobody a group he may not join', async () => {
    const { north, south, operator } = bus.organisation;
    const staff = await open(operator);
    await speakEverywhere(operator);
    const { epoch } = (await staff.event('alert_notification')) as { epoch: string };
    const forbidden = [
      'noc_dashboard',
      `noc_client_${south.clientIds[0]}`,
      'noc_client_999999',
      `tenant_${south.tenantId}`,
      `user_${operator.id}`,
      `user_${south.user.id}`,
      'tenant_01',
      'nonsense',
      `tenant_${north.tenantId} `,
    ];
    const resume = forbidden.map((group) => ({ group, epoch, offset: '0' }));
    const browser = await open(north.user, resume);
    const { groups } = await browser.subscribed();
    for (const group of forbidden) {
      expect(groups).toContainEqual({
        group,
        result: 'gap',
        replayed: 0,
        epoch: '',
        offset: '0',
        reason: 'forbidden',
      });
    }
    expect(browser.of('alert_notification')).toEqual([]);
    for (const group of forbidden) {
      expect(await browser.ask('history', { group, epoch, offset: '0' })).toEqual({
        ok: false,
        code: 4403,
        reason: 'There is no such group, or it is not yours.',
      });
    }
    expect(await heardBy(browser, north.user)).toEqual(
      [`tenant_${north.tenantId}`, `user_${north.user.id}`].toSorted(),
    );
  });

  it('give staff no tenant group and nobody else’s messages', async () => {
    const { north, operator } = bus.organisation;
    const groups = [`tenant_${north.tenantId}`, `user_${north.user.id}`];
    const browser = await open(
      operator,
      groups.map((group) => ({ group, epoch: 'x', offset: '0' })),
    );
    const notice = await browser.subscribed();
    for (const group of groups) {
      expect(notice.groups).toContainEqual(expect.objectContaining({ group, reason: 'forbidden' }));
    }
  });

  it('a snapshot in place of lost events holds only what the person may see', async () => {
    const { north, south } = bus.organisation;
    const own = await storeAlert(bus.pool, north.devices[0]);
    const ofOtherClient = await storeAlert(bus.pool, north.devices[1]);
    const foreign = await storeAlert(bus.pool, south.devices[0]);
    const lost = (group: string) => ({ group, epoch: 'lost-epoch', offset: '5' });
    const idsIn = async (person: TestPerson, group: string) => {
      const { groups } = await (await open(person, [lost(group)])).subscribed();
      const found = groups.find((entry) => entry.group === group);
      expect(found).toMatchObject({ result: 'snapshot' });
      return found!.snapshot!.map(({ alert_id }) => alert_id).toSorted(ascending);
    };
    const tenant = `tenant_${north.tenantId}`;
    expect(await idsIn(north.user, tenant)).toEqual(
      [own.alert_id, ofOtherClient.alert_id].toSorted(ascending),
    );
    expect(await idsIn(north.supervisor, tenant)).toEqual([own.alert_id]);
    expect(await idsIn(north.user, `noc_client_${north.clientIds[1]}`)).toEqual([ofOtherClient.alert_id]);
    expect(await idsIn(bus.organisation.operator, 'noc_dashboard')).toEqual(
      [own.alert_id, ofOtherClient.alert_id, foreign.alert_id].toSorted(ascending),
    );
  });
});

describe('HTTP and alert events', () => {
  let own: AlertView;
  let foreign: AlertView;
  beforeEach(async () => {
    const { north, south } = bus.organisation;
    own = await storeAlert(bus.pool, north.devices[0]);
    foreign = await storeAlert(bus.pool, south.devices[0]);
  });

  it('lists hold the own alerts and devices', async () => {
    const { north, south, operator } = bus.organisation;
    const get = async (person: TestPerson, path: string) =>
      (await http(gateway.url + path, { headers: await headersOf(person) })).body;
    expect((await get(north.user, '/api/alerts')).alerts.map((alert: AlertView) => alert.alert_id)).toEqual([
      own.alert_id,
    ]);
    expect((await get(north.user, `/api/alerts?client_id=${south.clientIds[0]}`)).alerts).toEqual([]);
    expect((await get(operator, '/api/alerts')).alerts).toHaveLength(2);
    const devicesOf = async (person: TestPerson, query = '') =>
      (await get(person, `/api/devices${query}`)).devices.map(
        (device: { external_id: string }) => device.external_id,
      );
    expect(await devicesOf(north.user)).toEqual(['north-device-1', 'north-device-2']);
    expect(await devicesOf(north.supervisor)).toEqual(['north-device-1']);
    expect(await devicesOf(north.user, `?client_id=${south.clientIds[0]}`)).toEqual([]);
    expect(await devicesOf(operator)).toHaveLength(4);
  });

  it('a foreign alert is exactly like one that does not exist', async () => {
    const { north } = bus.organisation;
    const headers = await headersOf(north.user);
    const answers = async (id: number | string) => {
      const url = `${gateway.url}/api/alerts/${id}`;
      const found = await Promise.all([
        http(url, { headers }),
        http(`${url}/acknowledge`, { body: {}, headers }),
        http(`${url}/resolve`, { body: { note: 'mine now' }, headers }),
      ]);
      return found.map(({ status, body }) => [status, JSON.stringify(body).replaceAll(String(id), 'ID')]);
    };
    const ofForeign = await answers(foreign.alert_id);
    expect(ofForeign.map(([status]) => status)).toEqual([404, 404, 404]);
    expect(await answers(999_999)).toEqual(ofForeign);
    for (const impossible of ['abc', '-1', '1e9', '99999999999999999999', '1.5']) {
      expect((await answers(impossible)).map(([status]) => status)).toEqual([404, 404, 404]);
    }
    const browser = await open(north.user);
    for (const event of ['acknowledge_alert', 'resolve_alert']) {
      const foreignAnswer = await browser.ask(event, { alert_id: foreign.alert_id });
      expect(foreignAnswer).toMatchObject({ ok: false, code: 4404 });
      const unknownAnswer = await browser.ask(event, { alert_id: 999_999 });
      expect(JSON.stringify(unknownAnswer).replaceAll('999999', 'ID')).toBe(
        JSON.stringify(foreignAnswer).replaceAll(String(foreign.alert_id), 'ID'),
      );
    }
    const { rows } = await bus.pool.query('select status from device_alerts where id = $1', [
      foreign.alert_id,
    ]);
    expect(rows).toEqual([{ status: 'new' }]);
  });

  it('numbers count only what the person may see', async () => {
    const { north, south, operator } = bus.organisation;
    const numbers = async (person: TestPerson, body = {}) =>
      (await open(person)).ask('request_metrics', body);
    expect(await numbers(north.user)).toMatchObject({
      open_alerts: { total: 1, critical: 1 },
      devices: { total: 2 },
    });
    expect(await numbers(operator)).toMatchObject({ open_alerts: { total: 2 }, devices: { total: 4 } });
    expect(await numbers(operator, { client_id: south.clientIds[0] })).toMatchObject({
      open_alerts: { total: 1 },
      devices: { total: 1 },
    });
    expect(await numbers(north.user, { client_id: south.clientIds[0] })).toMatchObject({
      ok: false,
      code: 4403,
    });
    expect(await numbers(north.supervisor, { client_id: north.clientIds[1] })).toMatchObject({
      ok: false,
      code: 4403,
    });
    expect(await numbers(north.supervisor)).toMatchObject({
      open_alerts: { total: 1 },
      devices: { total: 1 },
    });
  });

  it('nothing is told to somebody who is nobody', async () => {
    for (const path of ['/api/alerts', `/api/alerts/${own.alert_id}`, '/api/devices']) {
      const answer = await http(gateway.url + path);
      expect([answer.status, answer.body.code]).toEqual([401, 4401]);
    }
    for (const action of ['acknowledge', 'resolve']) {
      expect((await http(`${gateway.url}/api/alerts/${own.alert_id}/${action}`, { body: {} })).status).toBe(
        401,
      );
    }
  });
});
