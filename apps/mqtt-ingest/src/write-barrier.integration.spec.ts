import type { AppProcess } from '@bus/testing';
import type { MqttClient } from 'mqtt';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import { IngestFixture, metric, waitFor } from './spec-support/ingest-fixture.ts';
import { StuckRedis } from './spec-support/stuck-redis.ts';

let redis: StuckRedis;
let fixture: IngestFixture;
let app: AppProcess;
let device: MqttClient;

beforeEach(async () => {
  redis = await StuckRedis.start();
  fixture = await IngestFixture.start({ redisUrl: redis.server.url, databaseUrl: inject('databaseUrl') });
  device = await fixture.connect('dev-1');
  // The snapshots of its metrics would be the write that gets stuck, and the alert be refused.
  app = await fixture.startIngest({ METRICS_SNAPSHOT_INTERVAL_MS: '60000' });
  // The same goes for what a queue notes of itself before its first job.
  await sendAlert('first');
  await waitFor(async () => (await jobIds()).length === 1 && (await held()) === 0);
});

afterEach(async () => {
  await fixture.stop();
  await redis.stop();
});

async function pendingBytes(): Promise<number> {
  return Number(/aof_buffer_length:(\d+)/.exec(await fixture.redis.info('persistence'))?.[1]);
}

const held = (): Promise<number> => metric(app, 'bus_mqtt_held_acks');

/** Of an hour ago, so that it goes no short way: showing it would be the write that gets stuck. */
async function sendAlert(messageId: string): Promise<void> {
  await device.publishAsync('alert/panic/s-1', JSON.stringify({ timestamp: Date.now() - 3_600_000 }), {
    qos: 1,
    properties: { userProperties: { message_id: messageId } },
  });
}

async function jobIds(): Promise<unknown[]> {
  return (await fixture.jobs('critical')).map(({ params }) => params['message_id']);
}

/** An alert that Redis confirms and a worker would see, but that is in no file. */
async function sendAlertIntoBuffer(messageId: string): Promise<void> {
  redis.stick();
  await sendAlert(messageId);
  await waitFor(async () => (await jobIds()).includes(messageId));
}

/** What the broker still owes this process comes when it starts anew. */
async function expectNothingUnacknowledged(): Promise<void> {
  expect(await app.stop()).toBe(0);
  app = await fixture.startIngest();
  await sendAlert('last');
  const received = (result: string) =>
    metric(app, 'bus_mqtt_messages_received_total', { topic_class: 'alert', result });
  await waitFor(async () => (await received('enqueued')) === 1);
  expect(await received('duplicate')).toBe(0);
}

describe('while Redis confirms but does not write', () => {
  it('the alert is on its way, and acknowledged only when it is written', async () => {
    await sendAlertIntoBuffer('second');
    // Several questions later it is still the same.
    const since = Date.now();
    await waitFor(() => Date.now() - since > 500);
    expect(await pendingBytes()).toBeGreaterThan(0);
    expect(await held()).toBe(1);

    redis.unstick();
    await waitFor(async () => (await held()) === 0);
    expect(await pendingBytes()).toBe(0);
    expect(await jobIds()).toEqual(['first', 'second']);
    await expectNothingUnacknowledged();
  });

  it('an alert that a killed Redis lost is enqueued again, and acknowledged once', async () => {
    await sendAlertIntoBuffer('second');
    expect(await held()).toBe(1);
    await redis.server.kill('SIGKILL');
    await redis.server.restart();
    await waitFor(async () => (await held()) === 0);
    expect(await jobIds()).toEqual(['first', 'second']);
    expect(
      await metric(app, 'bus_mqtt_messages_received_total', { topic_class: 'alert', result: 'enqueued' }),
    ).toBe(2);
    // The promise of the acknowledgement: this kill loses nothing.
    await redis.server.kill('SIGKILL');
    await redis.server.restart();
    await waitFor(async () => (await jobIds()).length === 2);
    await expectNothingUnacknowledged();
  });
});
