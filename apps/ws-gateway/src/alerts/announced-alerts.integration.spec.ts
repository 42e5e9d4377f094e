import { ChannelLayer, GroupHistory } from '@bus/channel-layer';
import { AlertQueries } from '@bus/database';
import type { AlertView } from '@bus/payload-schemas';
import { startRedis, waitFor, type RedisServer } from '@bus/testing';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, it, vi } from 'vitest';
import type { Principal } from '../auth/principal.ts';
import { craftToken } from '../fixtures/craft-token.fixture.ts';
import { http, TestBrowser, type HttpAnswer } from '../fixtures/test-browser.fixture.ts';
import { createTestBus, type TestBus, type TestGateway } from '../fixtures/test-bus.fixture.ts';
import { storeAlert } from '../fixtures/test-organisation.fixture.ts';
import { announceUnstored, type UnstoredAlert } from '../fixtures/unstored-alert.fixture.ts';
import { OpenAlertsSnapshot } from '../groups/open-alerts.ts';
import { GatewayRedis } from '../limits/gateway-redis.ts';
import { AnnouncedAlerts, type AnnouncedAlertsOptions } from './announced-alerts.ts';

/** Short for a test, and long enough to look at Postgres on a busy machine. */
const SOON_MS = 300;

let bus: TestBus;
let gateway: TestGateway;
let looks: Looks;
const unstored: UnstoredAlert[] = [];
const browsers: TestBrowser[] = [];

beforeAll(async () => {
  bus = await createTestBus({ redisUrl: inject('redisUrl'), databaseUrl: inject('databaseUrl') });
  gateway = await bus.startGateway();
});
beforeEach(() => {
  looks = watchLooks(gateway);
});
afterEach(async () => {
  vi.restoreAllMocks();
  vi.useRealTimers();
  for (const browser of browsers.splice(0)) browser.close();
  // So that the next test has nothing to wait for but its own.
  await Promise.all(unstored.splice(0).map((alert) => alert.store()));
});
afterAll(() => bus.close());

/** What Postgres is asked: which of these alerts are stored? */
interface Looks {
  /** The ids of each question, in the order they were asked. */
  readonly asked: (readonly number[])[];
  /** Resolves when a question about this alert was answered. */
  at(alert: AlertView): Promise<void>;
}

function watchLooks({ app }: TestGateway): Looks {
  const alerts = app.get(AlertQueries);
  const existing = alerts.existing.bind(alerts);
  const asked: (readonly number[])[] = [];
  const answered: (readonly number[])[] = [];
  const listeners = new Set<() => void>();
  vi.spyOn(alerts, 'existing').mockImplementation(async (ids) => {
    asked.push(ids);
    const found = await existing(ids);
    answered.push(ids);
    for (const listener of listeners) listener();
    return found;
  });
  return {
    asked,
    at: ({ alert_id }) =>
      new Promise((resolve) => {
        const listener = (): void => {
          if (answered.some((ids) => ids.includes(alert_id))) resolve();
        };
        listeners.add(listener);
        listener();
      }),
  };
}

/** As a gateway that has just started would look at it. */
function announcedAlerts(options: AnnouncedAlertsOptions = {}, { app } = gateway): AnnouncedAlerts {
  return new AnnouncedAlerts(app.get(GatewayRedis), app.get(GroupHistory), app.get(AlertQueries), options);
}

async function announce(on = gateway): Promise<UnstoredAlert> {
  const announced = await announceUnstored(bus, on, bus.organisation.north.devices[0]);
  unstored.push(announced);
  return announced;
}

/** Whether a promise has been settled by now. */
async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  const pending = Symbol('pending');
  return (await Promise.race([promise, Promise.resolve(pending)])) !== pending;
}

describe('AnnouncedAlerts.settled', () => {
  it('resolves when every alert that was announced can be read, and not before', async () => {
    const [first, second] = [await announce(), await announce()];
    const settled = announcedAlerts().settled();
    await looks.at(second.alert);
    await first.store();
    expect(await isSettled(settled)).toBe(false);
    await second.store();
    await settled;
    const ids = [first.alert.alert_id, second.alert.alert_id];
    expect(await gateway.app.get(AlertQueries).existing(ids)).toEqual(new Set(ids));
  });

  it('asks Redis once and Postgres not at all when nothing was announced since the last call', async () => {
    await (await announce()).store();
    const announced = announcedAlerts();
    await announced.settled();
    expect(looks.asked).toHaveLength(1);
    const latest = vi.spyOn(gateway.app.get(GroupHistory), 'latest');
    const since = vi.spyOn(gateway.app.get(GroupHistory), 'since');
    await announced.settled();
    expect([latest.mock.calls.length, since.mock.calls.length]).toEqual([0, 1]);
    expect(looks.asked).toHaveLength(1);
  });

  it('waits for an alert that is never stored once, up to the bound', async () => {
    const never = await announce();
    const announced = announcedAlerts({ patienceMs: SOON_MS });
    const startedAt = performance.now();
    await announced.settled();
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(SOON_MS - 1);
    const questions = looks.asked.length;
    await announced.settled();
    await never.announceAgain();
    await announced.settled();
    expect(looks.asked).toHaveLength(questions);
  });

  it('shows a caller what was announced before its call, also while an earlier look is under way', async () => {
    const announced = announcedAlerts();
    await announced.settled();
    const history = gateway.app.get(GroupHistory);
    const since = history.since.bind(history);
    let late: UnstoredAlert;
    let settled: Promise<void>;
    vi.spyOn(history, 'since').mockImplementationOnce(async (...place) => {
      const answer = await since(...place);
      late = await announce();
      settled = announced.settled();
      return answer;
    });
    await announced.settled();
    await looks.at(late!.alert);
    expect(await isSettled(settled!)).toBe(false);
    await late!.store();
    await settled!;
  });

  it('makes one look of many calls', async () => {
    const late = await announce();
    const announced = announcedAlerts();
    const latest = vi.spyOn(gateway.app.get(GroupHistory), 'latest');
    const since = vi.spyOn(gateway.app.get(GroupHistory), 'since');
    const settled = Promise.all(Array.from({ length: 50 }, () => announced.settled()));
    await looks.at(late.alert);
    expect(looks.asked).toHaveLength(1);
    await late.store();
    await settled;
    expect([latest.mock.calls.length, since.mock.calls.length]).toEqual([1, 0]);
  });

  it('takes what was announced long before its first look as stored, and what is no new alert for nothing', async () => {
    const channel = gateway.app.get(ChannelLayer);
    const { alert } = await announce();
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 60_000 });
    await channel.broadcastToNocDashboard({ messageType: 'alert_updated', data: alert });
    await channel.broadcastToNocDashboard({ messageType: 'critical_alert', data: { alert_id: 'x' } });
    await announcedAlerts().settled();
    expect(looks.asked).toEqual([]);
  });

  it('resolves after the bound when Postgres does not answer', async () => {
    await (await announce()).store();
    const other = await bus.pool.connect();
    try {
      await other.query('begin');
      await other.query('lock table device_alerts in access exclusive mode');
      await announcedAlerts({ patienceMs: SOON_MS }).settled();
      expect(looks.asked).toHaveLength(1);
    } finally {
      await other.query('rollback');
      other.release();
    }
  });

  it('resolves while Postgres is away, and waits for the alerts once it is back', async () => {
    const blocked = await bus.startGateway({ DATABASE_URL: 'postgresql://nobody@127.0.0.1:9/none' });
    const [away, back] = [blocked.app.get(AlertQueries), gateway.app.get(AlertQueries)];
    let postgres = away;
    const announced = new AnnouncedAlerts(gateway.app.get(GatewayRedis), gateway.app.get(GroupHistory), {
      existing: (ids) => postgres.existing(ids),
    });
    const late = await announce();
    await announced.settled();
    postgres = back;
    const settled = announced.settled();
    await looks.at(late.alert);
    expect(await isSettled(settled)).toBe(false);
    await late.store();
    await settled;
    await blocked.close();
  });
});

describe('while Redis is away', () => {
  let redis: RedisServer;
  let cutOff: TestGateway;

  beforeAll(async () => {
    redis = await startRedis({ appendOnly: false });
    cutOff = await bus.startGateway({ REDIS_URL: redis.url });
  });
  afterAll(async () => {
    await cutOff.close();
    await redis.stop();
  });

  it('lists answer at once with what is stored, and wait again in the history that begins afterwards', async () => {
    const { operator, north } = bus.organisation;
    const stored = await storeAlert(bus.pool, north.devices[0]);
    const snapshots = cutOff.app.get(OpenAlertsSnapshot);
    const openIds = async (): Promise<number[]> => {
      const open = await snapshots.of(operator satisfies Principal, 'noc_dashboard');
      return open!.alerts.map(({ alert_id }) => alert_id);
    };
    const own = watchLooks(cutOff);
    expect(await openIds()).toContain(stored.alert_id);

    await redis.kill('SIGKILL');
    await waitFor(() => !cutOff.app.get(GatewayRedis).isReady);
    const reads = vi.spyOn(cutOff.app.get(GroupHistory), 'since');
    expect(await openIds()).toContain(stored.alert_id);
    expect(reads).not.toHaveBeenCalled();

    await redis.restart();
    await waitFor(() => cutOff.app.get(GatewayRedis).isReady);
    const late = await announce(cutOff);
    const list = openIds();
    await own.at(late.alert);
    await late.store();
    expect(await list).toContain(late.alert.alert_id);
  });
});

describe('an alert that is on the screens and not in Postgres yet', () => {
  const ask = async (path: string, body?: object): Promise<HttpAnswer> => {
    const authorization = `Bearer ${await craftToken(bus.organisation.operator)}`;
    return http(`${gateway.url}/api/alerts${path}`, { headers: { authorization }, body });
  };
  const openBrowser = async (resume: unknown[] = []): Promise<TestBrowser> => {
    const token = await craftToken(bus.organisation.operator);
    const browser = new TestBrowser(gateway.url, { auth: { token, resume } });
    browsers.push(browser);
    return browser;
  };
  const idsOf = (alerts: AlertView[]): number[] => alerts.map(({ alert_id }) => alert_id);

  it('is in the list', async () => {
    const late = await announce();
    const list = ask('?status=new');
    await looks.at(late.alert);
    await late.store();
    expect(idsOf((await list).body.alerts)).toContain(late.alert.alert_id);
  });

  it('is not waited for by later pages', async () => {
    await storeAlert(bus.pool, bus.organisation.north.devices[0]);
    await storeAlert(bus.pool, bus.organisation.north.devices[0]);
    const { next_cursor: cursor } = (await ask('?limit=1')).body;
    await announce();
    const { asked } = looks;
    const before = asked.length;
    expect((await ask(`?limit=1&cursor=${cursor}`)).status).toBe(200);
    expect(asked).toHaveLength(before);
  });

  it('is in the snapshot for a browser whose missed events are lost', async () => {
    const late = await announce();
    const browser = await openBrowser([{ group: 'noc_dashboard', epoch: 'another', offset: '3' }]);
    await looks.at(late.alert);
    await late.store();
    const { groups } = await browser.subscribed();
    const dashboard = groups.find(({ group }) => group === 'noc_dashboard');
    expect(dashboard!.result).toBe('snapshot');
    expect(idsOf(dashboard!.snapshot!)).toContain(late.alert.alert_id);
  });

  it('is found by its id', async () => {
    const late = await announce();
    const found = ask(`/${late.alert.alert_id}`);
    await looks.at(late.alert);
    await late.store();
    expect((await found).body).toMatchObject({ alert_id: late.alert.alert_id, status: 'new' });
  });

  it.each(['acknowledge', 'resolve'])('can be %sd over HTTP and over the socket', async (action) => {
    const browser = await openBrowser();
    await browser.subscribed();
    const [one, other] = [await announce(), await announce()];
    const overHttp = ask(`/${one.alert.alert_id}/${action}`, {});
    const overSocket = browser.ask(`${action}_alert`, { alert_id: other.alert.alert_id });
    await looks.at(other.alert);
    await Promise.all([one.store(), other.store()]);
    expect((await overHttp).body).toMatchObject({
      changed: true,
      alert: { alert_id: one.alert.alert_id, status: `${action}d` },
    });
    expect(await overSocket).toMatchObject({ ok: true, changed: true });
  });

  it('is missing in the list after two seconds, and in the next one without waiting', async () => {
    const never = await announce();
    expect(idsOf((await ask('')).body.alerts)).not.toContain(never.alert.alert_id);
    const questions = looks.asked.length;
    expect((await ask('')).status).toBe(200);
    expect((await ask(`/${never.alert.alert_id}`)).status).toBe(404);
    expect(looks.asked).toHaveLength(questions);
  });

  it('and one that does not exist is not waited for', async () => {
    expect((await ask('/999999999')).status).toBe(404);
    expect((await ask('/999999999/acknowledge', {})).status).toBe(404);
    expect(looks.asked).toEqual([]);
  });
});
