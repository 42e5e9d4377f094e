import { startBus, type RunningBus } from '@bus/tools';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { AlertSource } from './support/alert-source.ts';
import { Operator } from './support/operator.ts';
import { deliver, publishSteadily } from './support/steady-load.ts';

const ALERTS = 300;
const PER_SECOND = 60;
/** Publishing, the fault and settling. */
const JOURNEY_MS = 90_000;
/** Longer than a resend and a restart together with the takeover of a killed worker's job (8 s) or a retry (10 s). */
const SETTLE = { timeout: 45_000, interval: 50 };

/**
 * The promise of the spine: every alert is stored once and shown once, whatever dies meanwhile. Two gateways, two
 * task-workers, one ingest; a device that resends until its alert is acknowledged; an operator who moves to the other
 * gateway when theirs is gone.
 */
describe('an alert under faults', { timeout: JOURNEY_MS }, () => {
  let bus: RunningBus;
  let database: pg.Pool;
  let source: AlertSource;
  let operator: Operator;

  beforeAll(async () => {
    bus = await startBus({ gateways: 2, taskWorkers: 2 });
    database = new pg.Pool({ connectionString: bus.databaseUrl });
    // Postgres is killed on purpose; what that means for a query, the query says.
    database.on('error', () => undefined);
  }, 120_000);

  afterAll(async () => {
    await database.end();
    await bus.stop();
  });

  beforeEach(async () => {
    source = await AlertSource.connect({ url: bus.broker.url, ...bus.devices[0]! });
    operator = await Operator.connect(bus.gatewayUrls, bus.users.noc_operator);
  });

  afterEach(async () => {
    operator.close();
    await source.close();
  });

  async function expectStoredOnceAndShownOnce(run: string, ids: readonly string[]): Promise<void> {
    const shownIds = (): string[] => operator.messageIds.filter((id) => id.startsWith(run));
    const sortedIds = ids.toSorted();
    await expect.poll(() => shownIds().toSorted(), SETTLE).toEqual(sortedIds);
    await expect.poll(() => ids.filter((id) => !source.acknowledged.has(id)), SETTLE).toEqual([]);
    // A second sighting would come with or after the last acknowledgement.
    expect(shownIds().toSorted()).toEqual(sortedIds);
    const { rows } = await database.query<{ message_id: string }>(
      'select message_id from device_alerts where message_id like $1',
      [`${run}-%`],
    );
    expect(rows.map(({ message_id }) => message_id).toSorted()).toEqual(sortedIds);
  }

  it('is stored once and shown once when nothing fails, at QoS 1 and 2, in order', async () => {
    const ids = await publishSteadily({ source, run: 'calm', count: ALERTS, perSecond: PER_SECOND });
    await expectStoredOnceAndShownOnce('calm', ids);
    const offsets = operator.alerts.map(({ offset }) => Number(offset));
    expect(offsets).toEqual(offsets.toSorted((left, right) => left - right));
  });

  it('is stored once and shown once when it is sent three times', async () => {
    const ids = Array.from({ length: 20 }, (_, index) => `thrice-${index}`);
    for (let time = 0; time < 3; time += 1) {
      await Promise.all(ids.map((id) => source.alert(id)));
    }
    await expectStoredOnceAndShownOnce('thrice', ids);
    // A device that lost the acknowledgement sends again: confirmed again, not shown again.
    source.acknowledged.clear();
    for (const id of ids) void deliver(source, id, 1);
    await expectStoredOnceAndShownOnce('thrice', ids);
  });

  it('survives SIGKILL of mqtt-ingest', async () => {
    const ids = await publishSteadily(
      { source, run: 'ingest', count: ALERTS, perSecond: PER_SECOND },
      async () => {
        await bus.ingest.kill();
        await bus.ingest.restart();
      },
    );
    await expectStoredOnceAndShownOnce('ingest', ids);
  });

  it('survives SIGKILL of a task-worker', async () => {
    const worker = bus.taskWorkers[0]!;
    const ids = await publishSteadily(
      { source, run: 'worker', count: ALERTS, perSecond: PER_SECOND },
      async () => {
        await worker.kill();
        await worker.restart();
      },
    );
    await expectStoredOnceAndShownOnce('worker', ids);
  });

  it('survives SIGKILL of the operator’s gateway', async () => {
    const gateway = bus.gateways[0]!;
    const ids = await publishSteadily(
      { source, run: 'gateway', count: ALERTS, perSecond: PER_SECOND },
      async () => {
        await gateway.kill();
        await gateway.restart();
      },
    );
    await expectStoredOnceAndShownOnce('gateway', ids);
    expect(operator.subscriptions.length).toBeGreaterThan(1);
  });

  it('survives SIGKILL of Redis', async () => {
    const ids = await publishSteadily(
      { source, run: 'redis', count: ALERTS, perSecond: PER_SECOND },
      async () => {
        await bus.redis.kill('SIGKILL');
        await bus.redis.restart();
      },
    );
    await expectStoredOnceAndShownOnce('redis', ids);
  });

  it('survives SIGKILL of Postgres', async () => {
    const ids = await publishSteadily(
      { source, run: 'postgres', count: ALERTS, perSecond: PER_SECOND },
      async () => {
        await bus.postgres.kill('SIGKILL');
        await bus.postgres.restart();
      },
    );
    await expectStoredOnceAndShownOnce('postgres', ids);
  });

  it('survives SIGKILL of Mosquitto, counted from the application acknowledgement', async () => {
    const ids = await publishSteadily(
      { source, run: 'broker', count: ALERTS, perSecond: PER_SECOND },
      async () => {
        await bus.broker.kill('SIGKILL');
        await bus.broker.restart();
      },
    );
    await expectStoredOnceAndShownOnce('broker', ids);
  });
});
