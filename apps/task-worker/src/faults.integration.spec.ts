import { PROCESS_DEVICE_TELEMETRY } from '@bus/task-base';
import { startMosquitto, startRedis, waitFor } from '@bus/testing';
import type { AppProcess } from '@bus/testing';
import { afterEach, describe, expect, it } from 'vitest';
import { KNOWN_DEVICE, alertJob, createScene, sharedBackends } from './fixtures/scene.fixture.ts';
import type { Scene, SceneBackends } from './fixtures/scene.fixture.ts';

/** What a person in danger may have to wait for when a worker dies under their alert. */
const REDONE_WITHIN_MS = 8_000;

describe('task-worker under faults', () => {
  const cleanUps: (() => Promise<unknown>)[] = [];
  let scene: Scene;

  afterEach(async () => {
    for (const cleanUp of cleanUps.splice(0).toReversed()) await cleanUp();
  });

  async function begin(changes: Partial<SceneBackends> = {}): Promise<void> {
    scene = await createScene({ ...(await sharedBackends()), ...changes });
    cleanUps.push(() => scene.close());
  }

  /** Nobody can write alerts until the lock is released: whoever tries hangs in the middle of its job. */
  async function lockAlerts(): Promise<() => Promise<void>> {
    const session = await scene.pool.connect();
    await session.query('begin; lock table device_alerts in access exclusive mode');
    return async () => {
      await session.query('rollback');
      session.release();
    };
  }

  /** A worker that hangs in the middle of the alert `m-1`, and one more that is idle. */
  async function hangInAlert(): Promise<{
    hanging: AppProcess;
    idle: AppProcess;
    release: () => Promise<void>;
  }> {
    const hanging = await scene.startWorker();
    const release = await lockAlerts();
    await scene.enqueueAlert(alertJob('m-1'));
    await waitFor(async () => (await waitingForLock()) === 1, {
      message: 'the first worker to be in its job',
    });
    return { hanging, release, idle: await scene.startWorker() };
  }

  async function waitingForLock(): Promise<number> {
    const { rows } = await scene.pool.query<{ n: number }>(
      `select count(*)::int as n from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()`,
    );
    return rows[0]?.n ?? 0;
  }

  const shown = async () =>
    (await scene.eventsOf('noc_dashboard')).map(({ data }) => String(data['message_id']));
  const jobsIn = (state: string) => scene.connections.commands.zcard(`bus:{critical}:critical:${state}`);

  it('redoes the alert of a killed worker within eight seconds: one row, shown once', async () => {
    await begin();
    const { hanging, release } = await hangInAlert();
    await hanging.kill('SIGKILL');
    await release();
    await waitFor(async () => (await shown()).length === 1, {
      timeoutMs: REDONE_WITHIN_MS,
      message: 'the alert on screen',
    });
    await waitFor(async () => (await jobsIn('completed')) === 1);
    expect(await scene.count('device_alerts')).toBe(1);
    expect(await shown()).toEqual(['m-1']);
    expect(await scene.count('dead_letters')).toBe(0);
  }, 40_000);

  it('shows an alert once when a frozen worker comes back after another one has taken over', async () => {
    await begin();
    const { hanging, idle, release } = await hangInAlert();
    await hanging.kill('SIGSTOP');
    await waitFor(async () => (await waitingForLock()) === 2, {
      timeoutMs: 10_000,
      message: 'the second worker to take over',
    });
    await release();
    await waitFor(async () => (await jobsIn('completed')) === 1);
    await hanging.kill('SIGCONT');
    // The one that was too late says so when it tries to finish the job.
    await hanging.waitForLog((line) => /(lock|Lock)/.test(JSON.stringify(line)));
    expect(await scene.count('device_alerts')).toBe(1);
    expect(await shown()).toEqual(['m-1']);
    expect(idle.isRunning).toBe(true);
  }, 40_000);

  it('gives up on an alert that kills every worker, with a dead letter that says so, and goes on', async () => {
    await begin();
    const { hanging, release } = await hangInAlert();
    // As if four workers had died of it before: this is the fifth, and the next check counts it as the sixth loss.
    const job = 'bus:{critical}:critical:process_device_alert-dev-known.m-1';
    await scene.connections.commands.hset(job, 'stc', 5);
    await hanging.kill('SIGKILL');
    await waitFor(async () => (await scene.count('dead_letters')) === 1, { timeoutMs: 10_000 });
    await release();
    const { rows } = await scene.pool.query('select * from dead_letters');
    expect(rows).toMatchObject([
      { queue: 'critical', task_name: 'process_device_alert', reason: 'TASK_STALLED', status: 'open' },
    ]);
    await scene.enqueueAlert(alertJob('m-2'));
    await waitFor(async () => (await shown()).includes('m-2'));
  }, 40_000);

  it('puts a message Postgres cannot hold into the dead letters with its reason, and not its neighbours', async () => {
    await begin();
    await scene.pool.query(`
      create function refuse_poison() returns trigger language plpgsql as $$ begin
        if new.message_id like 'poison%' then raise exception 'poison' using errcode = '22023'; end if;
        return new; end $$;
      create trigger refuse_poison before insert on device_alerts for each row execute function refuse_poison();
      create trigger refuse_poison before insert on device_telemetry for each row execute function refuse_poison()`);
    await scene.startWorker();
    const ids = ['a', 'b', 'poison-1', 'c', 'd'];
    await Promise.all(ids.map((id) => scene.enqueueAlert(alertJob(id))));
    const now = new Date().toISOString();
    const messages = ['t-1', 'poison-2', 't-3'].map((message_id) => ({
      message_id,
      device_id: KNOWN_DEVICE,
      device_time: now,
      received_at: now,
      clock_suspect: false,
      readings: { x: 1 },
      raw: {},
    }));
    await scene.tasks.enqueue(PROCESS_DEVICE_TELEMETRY, { messages });
    await waitFor(async () => (await scene.count('dead_letters', `reason = 'DATA_UNSTORABLE'`)) === 2);
    await waitFor(async () => (await shown()).length === 4);
    expect(await shown()).toEqual(['a', 'b', 'c', 'd']);
    expect(await scene.count('device_telemetry')).toBe(2);
  });

  it('puts garbage from Redis into the dead letters and works on', async () => {
    await begin();
    await scene.startWorker();
    const redis = scene.connections.commands;
    const queue = 'bus:{critical}:critical';
    await redis.hset(`${queue}:junk`, {
      name: 'process_device_alert',
      data: '{"params":{"message_id":',
      opts: 'junk',
      timestamp: '1',
    });
    await redis.zadd(`${queue}:prioritized`, 1, 'junk');
    await redis.zadd(`${queue}:marker`, 0, '0');
    await waitFor(async () => (await scene.count('dead_letters', `reason = 'TASK_JOB_UNREADABLE'`)) === 1);
    await scene.enqueueAlert(alertJob('sound'));
    await waitFor(async () => (await shown()).length === 1);
    expect(await shown()).toEqual(['sound']);
  });

  it('ends with exit code 0 on SIGTERM, and the next worker does the rest', async () => {
    await begin();
    const first = await scene.startWorker();
    const ids = Array.from({ length: 400 }, (_, index) => `n${index}`);
    const enqueued = Promise.all(ids.map((id) => scene.enqueueAlert(alertJob(id))));
    await waitFor(async () => (await scene.count('device_alerts')) > 0);
    expect(await first.stop()).toBe(0);
    await enqueued;
    expect(await scene.connections.commands.llen('bus:{critical}:critical:active')).toBe(0);
    await scene.startWorker();
    await waitFor(async () => (await scene.count('device_alerts')) === ids.length, { timeoutMs: 20_000 });
    await waitFor(async () => new Set(await shown()).size === ids.length);
    expect(await shown()).toHaveLength(ids.length);
    expect(await jobsIn('failed')).toBe(0);
  }, 60_000);

  it('gives an alert it cannot finish back on SIGTERM, for the next worker to do at once', async () => {
    await begin();
    const first = await scene.startWorker({ SHUTDOWN_DEADLINE_MS: '3000' });
    const release = await lockAlerts();
    await scene.enqueueAlert(alertJob('m-1'));
    await waitFor(async () => (await waitingForLock()) === 1);
    const second = await scene.startWorker();
    const stopped = first.stop();
    await waitFor(async () => (await waitingForLock()) === 2, {
      message: 'the second worker to have the job',
    });
    await release();
    await waitFor(async () => (await shown()).length === 1);
    await stopped;
    expect(await scene.count('device_alerts')).toBe(1);
    expect(second.isRunning).toBe(true);
  }, 40_000);

  it('goes on by itself after a restart of Redis, with every alert stored and shown once', async () => {
    // Synced on every write: with a sync each second, a killed Redis may forget what it has just confirmed.
    const redis = await startRedis({ settings: { appendfsync: 'always' } });
    cleanUps.push(() => redis.stop());
    await begin({ redisUrl: redis.url });
    await scene.startWorker();
    const ids = Array.from({ length: 200 }, (_, index) => `n${index}`);
    const insist = (id: string) => waitFor(() => scene.enqueueAlert(alertJob(id)), { timeoutMs: 20_000 });
    const enqueued = Promise.all(ids.map(insist));
    await waitFor(async () => (await scene.count('device_alerts')) > 0);
    await redis.kill('SIGKILL');
    await redis.restart();
    await enqueued;
    await waitFor(async () => (await scene.count('device_alerts')) === ids.length, { timeoutMs: 20_000 });
    await waitFor(async () => new Set(await shown()).size === ids.length, { timeoutMs: 20_000 });
    expect(await shown()).toHaveLength(ids.length);
  }, 90_000);

  it('stores and shows alerts while the broker is away, and confirms when the device asks again', async () => {
    const broker = await startMosquitto();
    cleanUps.push(() => broker.stop());
    await begin({ mqttPort: broker.port });
    const worker = await scene.startWorker({ MQTT_USERNAME: 'tester', MQTT_PASSWORD: 'tester' });
    await worker.waitForLog(({ msg }) => msg.startsWith('Connected to the broker'));
    await broker.kill('SIGKILL');
    await worker.waitForLog(({ msg }) => msg.includes('MQTT connection'));
    const alert = alertJob('m-1');
    const { jobId } = await scene.enqueueAlert(alert);
    await waitFor(async () => (await shown()).length === 1);
    await waitFor(async () => (await jobsIn('completed')) === 1);
    const acks = async (result: string) =>
      new RegExp(`bus_mqtt_downlink_messages_total\\{kind="ack",result="${result}"[^}]*\\} (\\d+)`).exec(
        await (await fetch(`${worker.opsUrl}/metrics`)).text(),
      )?.[1];
    expect(await acks('unreachable')).toBe('1');

    await broker.restart();
    await worker.waitForLog(({ msg }) => msg.startsWith('Connected again'));
    await scene.connections.commands.hset(
      `bus:{critical}:critical:${jobId}`,
      'finishedOn',
      Date.now() - 60_000,
    );
    await scene.enqueueAlert(alert);
    await waitFor(async () => (await acks('success')) === '1');
    expect(await shown()).toEqual(['m-1']);
  }, 40_000);
});
