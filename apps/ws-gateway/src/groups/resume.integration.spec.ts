import { ChannelLayer } from '@bus/channel-layer';
import { AlertQueries, STAFF_SCOPE } from '@bus/database';
import type { SubscribedGroup } from '@bus/payload-schemas';
import { afterAll, afterEach, beforeAll, describe, expect, inject, it } from 'vitest';
import { craftToken } from '../fixtures/craft-token.fixture.ts';
import { TestBrowser } from '../fixtures/test-browser.fixture.ts';
import { createTestBus, type TestBus, type TestGateway } from '../fixtures/test-bus.fixture.ts';
import { storeAlert } from '../fixtures/test-organisation.fixture.ts';

let bus: TestBus;
let here: TestGateway;
let there: TestGateway;
const browsers: TestBrowser[] = [];

beforeAll(async () => {
  bus = await createTestBus({ redisUrl: inject('redisUrl'), databaseUrl: inject('databaseUrl') });
  here = await bus.startGateway();
  there = await bus.startGateway();
});
afterEach(() => {
  for (const browser of browsers.splice(0)) browser.close();
});
afterAll(() => bus.close());

async function open(gateway: TestGateway, resume: unknown[] = []): Promise<TestBrowser> {
  const token = await craftToken(bus.organisation.operator);
  const browser = new TestBrowser(gateway.url, { auth: { token, resume } });
  browsers.push(browser);
  return browser;
}

async function groupOf(browser: TestBrowser, name: string): Promise<SubscribedGroup> {
  const { groups } = await browser.subscribed();
  const found = groups.find(({ group }) => group === name);
  expect(found).toBeDefined();
  return found!;
}

function say(number: number, group = 'noc_dashboard'): Promise<boolean> {
  return here.app.get(ChannelLayer).broadcastToGroup({
    groupName: group,
    messageType: 'critical_alert',
    data: { number },
    priority: 'critical',
  });
}

const numbers = (browser: TestBrowser) =>
  browser.of('critical_alert').map(({ data }) => data.number as number);

it('a browser that comes back to another gateway gets what it missed, in order, before it is told that it is live', async () => {
  const before = await open(here);
  await before.subscribed();
  await say(1);
  const { epoch, offset } = (await before.event('critical_alert')) as { epoch: string; offset: string };
  before.close();
  for (const number of [2, 3, 4]) await say(number);

  const after = await open(there, [{ group: 'noc_dashboard', epoch, offset }]);
  expect(await groupOf(after, 'noc_dashboard')).toMatchObject({ result: 'replayed', replayed: 3, epoch });
  expect(after.received.map(({ event }) => event)).toEqual([
    'critical_alert',
    'critical_alert',
    'critical_alert',
    'subscribed',
  ]);
  expect(numbers(after)).toEqual([2, 3, 4]);
  await say(5);
  await after.event('critical_alert', ({ data }) => data.number === 5);
  expect(numbers(after)).toEqual([2, 3, 4, 5]);
});

it('a browser that missed nothing is live at once', async () => {
  const before = await open(here);
  const { epoch, offset } = await groupOf(before, 'noc_dashboard');
  const after = await open(there, [{ group: 'noc_dashboard', epoch, offset }]);
  expect(await groupOf(after, 'noc_dashboard')).toMatchObject({ result: 'live', replayed: 0, epoch, offset });
});

it('a client group that was asked for is resumed too', async () => {
  const clientId = bus.organisation.south.clientIds[0];
  const group = `noc_client_${clientId}`;
  const before = await open(here);
  const { epoch, offset } = (await before.ask('subscribe_client', {
    client_id: clientId,
  })) as unknown as SubscribedGroup;
  before.close();
  await say(7, group);
  const after = await open(there, [{ group, epoch, offset }]);
  expect(await groupOf(after, group)).toMatchObject({ result: 'replayed', replayed: 1 });
  await say(8, group);
  await after.event('critical_alert', ({ data }) => data.number === 8);
  expect(numbers(after)).toEqual([7, 8]);
});

it('lost events are made good by the open alerts, or are an explicit gap when those cannot be read', async () => {
  const { north, operator } = bus.organisation;
  const open1 = await storeAlert(bus.pool, north.devices[0], { severity: 'low' });
  const open2 = await storeAlert(bus.pool, north.devices[0], { severity: 'critical' });
  const closed = await storeAlert(bus.pool, north.devices[0]);
  await new AlertQueries(bus.pool).resolve({
    alertId: closed.alert_id,
    userId: operator.id,
    scope: STAFF_SCOPE,
  });
  const lost = [
    { group: 'noc_dashboard', epoch: 'another', offset: '3' },
    { group: `user_${operator.id}`, epoch: 'another', offset: '3' },
  ];
  const browser = await open(here, lost);
  const dashboard = await groupOf(browser, 'noc_dashboard');
  expect(dashboard).toMatchObject({ result: 'snapshot', reason: 'epoch_changed' });
  expect(dashboard.snapshot!.map(({ alert_id }) => alert_id)).toEqual([open2.alert_id, open1.alert_id]);
  // A group that carries no alerts has nothing to be made good with.
  const own = await groupOf(browser, `user_${operator.id}`);
  expect(own).toMatchObject({ result: 'gap', reason: 'epoch_changed' });
  expect(own.snapshot).toBeUndefined();
  await say(20);
  await browser.event('critical_alert', ({ data }) => data.number === 20);

  const blocked = await bus.startGateway({ DATABASE_URL: 'postgresql://nobody@127.0.0.1:9/none' });
  const cutOff = await open(blocked, lost);
  const gap = await groupOf(cutOff, 'noc_dashboard');
  expect(gap).toMatchObject({ result: 'gap', reason: 'epoch_changed', epoch: dashboard.epoch });
  expect(gap.snapshot).toBeUndefined();
  await say(21);
  await cutOff.event('critical_alert', ({ data }) => data.number === 21);
});

it('history answers with the events after a position, a page at a time, or with a gap', async () => {
  const browser = await open(here);
  const { epoch, offset } = await groupOf(browser, 'noc_dashboard');
  for (let number = 100; number < 310; number += 1) await say(number);
  const first = (await browser.ask('history', { group: 'noc_dashboard', epoch, offset })) as any;
  expect(first).toMatchObject({ ok: true, result: 'replayed', epoch });
  expect(first.events).toHaveLength(200);
  const second = (await browser.ask('history', {
    group: 'noc_dashboard',
    epoch,
    offset: first.offset,
  })) as any;
  const all = [...first.events, ...second.events].map(({ data }: any) => data.number as number);
  expect(all).toEqual(Array.from({ length: 210 }, (_, n) => 100 + n));
  expect(await browser.ask('history', { group: 'noc_dashboard', epoch: 'another', offset })).toMatchObject({
    ok: true,
    result: 'gap',
    reason: 'epoch_changed',
    events: [],
  });
  expect(await browser.ask('history', { group: 'noc_dashboard', epoch, offset: 'x' })).toMatchObject({
    ok: false,
    code: 4400,
    field: 'offset',
  });
});

describe('a thousand missed events', () => {
  it('are no reason to be cut off as slow', async () => {
    const gateway = await bus.startGateway({ WEBSOCKET_MAX_WAITING_EVENTS: '50' });
    const before = await open(here);
    const { epoch, offset } = await groupOf(before, 'noc_dashboard');
    before.close();
    const channel = here.app.get(ChannelLayer);
    const missed = Array.from({ length: 800 }, (_, number) => ({
      groupName: 'noc_dashboard' as const,
      messageType: 'alert_notification' as const,
      data: { number },
    }));
    await channel.broadcastMany(missed);
    const after = await open(gateway, [{ group: 'noc_dashboard', epoch, offset }]);
    expect(await groupOf(after, 'noc_dashboard')).toMatchObject({ result: 'replayed', replayed: 800 });
    expect(after.of('alert_notification').map(({ data }) => data.number)).toEqual(
      missed.map(({ data }) => data.number),
    );
  });
});
