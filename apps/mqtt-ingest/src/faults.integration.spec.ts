import { startRedis } from '@bus/testing';
import type { AppProcess, RedisServer } from '@bus/testing';
import type { MqttClient } from 'mqtt';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import { IngestFixture, metric, readiness, waitFor } from './spec-support/ingest-fixture.ts';

let redis: RedisServer;
let fixture: IngestFixture;
let device: MqttClient;

beforeEach(async () => {
  redis = await startRedis();
  fixture = await IngestFixture.start({ redisUrl: redis.url, databaseUrl: inject('databaseUrl') });
  device = await fixture.connect('dev-1');
});

afterEach(async () => {
  if (redis.isRunning) await redis.kill('SIGCONT');
  await fixture.stop();
  await redis.stop();
});

const range = (from: number, to: number): number[] =>
  Array.from({ length: to - from }, (_, index) => from + index);

/** Alerts of one source, numbered, in one stream; resolves when the broker has them all. */
async function sendAlerts(from: number, to: number): Promise<void> {
  await Promise.all(
    range(from, to).map((number) =>
      device.publishAsync('alert/panic/s-1', JSON.stringify({ number, timestamp: Date.now() }), {
        qos: 1,
        properties: { userProperties: { message_id: `a-${number}` } },
      }),
    ),
  );
}

async function sendTelemetry(from: number, to: number): Promise<void> {
  await Promise.all(
    range(from, to).map((number) =>
      device.publishAsync(
        'device/d-1/telemetry',
        JSON.stringify({ battery: 5, number, timestamp: Date.now() }),
        {
          qos: 1,
          properties: { userProperties: { message_id: `t-${number}` } },
        },
      ),
    ),
  );
}

/** The numbers of the alerts in the queue, in its order. */
async function alertNumbers(): Promise<unknown[]> {
  return (await fixture.jobs('critical')).map(({ params }) => (params['raw'] as { number: number }).number);
}

async function telemetryNumbers(): Promise<number[]> {
  const messages = await fixture.batchedMessages('external_api');
  return messages.map(({ raw }) => (raw as { number: number }).number);
}

async function untilHeld(app: AppProcess, count: number): Promise<void> {
  await waitFor(async () => (await metric(app, 'bus_mqtt_held_acks')) >= count, { timeoutMs: 20_000 });
}

describe('while Redis hangs', () => {
  it('nothing is acknowledged, so that a killed ingest gets everything again: each message one job, in order', async () => {
    const first = await fixture.startIngest();
    await redis.kill('SIGSTOP');
    await sendAlerts(0, 100);
    await sendTelemetry(0, 100);
    await untilHeld(first, 200);
    await first.kill('SIGKILL');
    await sendAlerts(100, 120);
    await redis.kill('SIGCONT');

    await fixture.startIngest();
    await waitFor(
      async () => (await alertNumbers()).length >= 120 && (await telemetryNumbers()).length >= 100,
    );
    expect(await alertNumbers()).toEqual(range(0, 120));
    expect([...new Set(await telemetryNumbers())].toSorted((a, b) => a - b)).toEqual(range(0, 100));
  });

  it('the broker connection lives on for longer than its keepalive, and nothing needs to be sent again', async () => {
    const app = await fixture.startIngest({ MQTT_KEEPALIVE_SECONDS: '2', MQTT_RECEIVE_MAXIMUM: '50' });
    const total = 2_000;
    // In the middle of the traffic: Mosquitto keeps to the receive maximum only until the first acknowledgements.
    const sending = sendAlerts(0, total);
    await waitFor(async () => (await fixture.redis.zcard('bus:{critical}:critical:prioritized')) >= 100);
    await redis.kill('SIGSTOP');
    await sending;
    await untilHeld(app, 50);
    await waitFor(async () => !(await readiness(app)).checks['enqueue']?.ok);
    const stalledAt = Date.now();
    await waitFor(() => Date.now() - stalledAt > 8_000, { timeoutMs: 10_000 });
    // What is in memory stays bounded although the broker has more.
    expect(await metric(app, 'bus_mqtt_held_acks')).toBeLessThanOrEqual(50);

    await redis.kill('SIGCONT');
    await waitFor(async () => (await alertNumbers()).length >= total, { timeoutMs: 20_000 });
    expect(await alertNumbers()).toEqual(range(0, total));
    expect(await metric(app, 'bus_mqtt_reconnects_total')).toBe(0);
    await waitFor(async () => (await readiness(app)).ready);
    await waitFor(async () => (await metric(app, 'bus_mqtt_held_acks')) === 0);
  });
});

describe('when Redis dies', () => {
  it('ingest lives, says so, and enqueues everything once it is back: each message one job, in order', async () => {
    const app = await fixture.startIngest();
    await sendAlerts(0, 50);
    await waitFor(async () => (await alertNumbers()).length === 50);
    await redis.kill('SIGKILL');
    await sendAlerts(50, 150);
    await untilHeld(app, 100);
    await waitFor(async () => !(await readiness(app)).ready);
    expect((await readiness(app)).checks['mqtt']).toEqual({ ok: true });

    await redis.restart();
    await waitFor(async () => (await alertNumbers()).length >= 150, { timeoutMs: 20_000 });
    expect(await alertNumbers()).toEqual(range(0, 150));
    await waitFor(async () => (await readiness(app)).ready);
    expect(app.isRunning).toBe(true);
  });
});

describe('when ingest is killed in the middle of its work', () => {
  it('twice, every message still becomes one job, alerts in order', async () => {
    const total = 3_000;
    let app = await fixture.startIngest({ MQTT_RECEIVE_MAXIMUM: '100' });
    const sending = Promise.all([sendAlerts(0, total), sendTelemetry(0, total)]);
    for (const killAt of [total / 6, total / 2]) {
      await waitFor(async () => (await fixture.redis.zcard('bus:{critical}:critical:prioritized')) >= killAt);
      await app.kill('SIGKILL');
      app = await fixture.startIngest({ MQTT_RECEIVE_MAXIMUM: '100' });
    }
    await sending;
    await waitFor(
      async () => (await alertNumbers()).length >= total && new Set(await telemetryNumbers()).size >= total,
      { timeoutMs: 60_000, intervalMs: 200 },
    );
    expect(await alertNumbers()).toEqual(range(0, total));
    expect([...new Set(await telemetryNumbers())].toSorted((a, b) => a - b)).toEqual(range(0, total));
  }, 120_000);
});

describe('when ingest is asked to end', () => {
  it('hands over what it has, leaves the rest with the broker, and exits with 0', async () => {
    const total = 2_000;
    const first = await fixture.startIngest();
    const sending = sendAlerts(0, total);
    await waitFor(async () => (await alertNumbers()).length > 100);
    expect(await first.stop()).toBe(0);
    await sending;
    expect((await alertNumbers()).length).toBeLessThanOrEqual(total);

    await fixture.startIngest();
    await waitFor(async () => (await alertNumbers()).length >= total, { timeoutMs: 30_000 });
    expect(await alertNumbers()).toEqual(range(0, total));
  });

  it('does not wait for a Redis that is away', async () => {
    const app = await fixture.startIngest({ SHUTDOWN_DEADLINE_MS: '5000' });
    await redis.kill('SIGKILL');
    await sendAlerts(0, 10);
    await untilHeld(app, 10);
    const code = await app.stop();
    await redis.restart();
    await fixture.startIngest();
    await waitFor(async () => (await alertNumbers()).length >= 10);
    expect({ code, numbers: await alertNumbers() }).toEqual({ code: 0, numbers: range(0, 10) });
  });
});

describe('without Postgres', () => {
  it('alerts are enqueued as ever, and the process counts as ready', async () => {
    const app = await fixture.startIngest({ DATABASE_URL: 'postgresql://nobody@127.0.0.1:1/nothing' });
    expect(await readiness(app)).toMatchObject({ ready: true });
    await sendAlerts(0, 10);
    await waitFor(async () => (await alertNumbers()).length === 10);
  });
});

describe('when the broker dies', () => {
  it('ingest comes back to it, and what it held in memory is not lost although the broker lost the session', async () => {
    const app = await fixture.startIngest();
    await redis.kill('SIGSTOP');
    await sendAlerts(0, 20);
    await untilHeld(app, 20);
    await fixture.broker.kill('SIGKILL');
    await waitFor(async () => !(await readiness(app)).checks['mqtt_alerts']?.ok);
    await fixture.broker.restart();
    await waitFor(async () => (await readiness(app)).checks['mqtt_alerts']?.ok === true, {
      timeoutMs: 20_000,
    });
    await redis.kill('SIGCONT');
    await waitFor(async () => (await alertNumbers()).length >= 20, { timeoutMs: 20_000 });
    expect(await alertNumbers()).toEqual(range(0, 20));
  });
});

describe('a second process with the same client id', () => {
  it('is reported as what it is', async () => {
    const app = await fixture.startIngest();
    const intruder = await fixture.connect('bus-ingest', { clientId: 'mqtt-ingest-0-alerts' });
    const line = await app.waitForLog(({ msg }) => msg.includes("client id 'mqtt-ingest-0-alerts'"));
    expect(line).toMatchObject({ level: 'warn', msg: expect.stringContaining('MQTT_CLIENT_ID') });
    await intruder.endAsync(true);
  });
});
