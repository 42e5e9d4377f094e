import { waitFor } from '@bus/testing';
import { startBus, type RunningBus } from '@bus/tools';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { AlertSource } from './support/alert-source.ts';
import { Operator } from './support/operator.ts';

const MIB = 1024 * 1024;

function telemetry(fields: Record<string, unknown> = {}): string {
  return JSON.stringify({ battery: 80, temperature: 21, timestamp: new Date().toISOString(), ...fields });
}

const deeplyNested = `${'{"a":'.repeat(5000)}1${'}'.repeat(5000)}`;

/** What it is, where it goes (`$` is the device itself), what is sent, and the code of the refusal. */
const REFUSED: [title: string, topic: string, payload: string | Buffer, code: string][] = [
  ['an unknown topic', 'device/$/selfie', telemetry(), 'unknown_topic'],
  ['a topic that goes on', 'device/$/telemetry/more', telemetry(), 'unknown_topic'],
  ['a path trick', 'alert/../$', '{}', 'bad_segment'],
  ['an encoded slash', 'alert/panic%2f/$', '{}', 'bad_segment'],
  ['a look-alike letter', 'alert/p\u0430nic/$', '{}', 'bad_segment'],
  ['a segment of 65 characters', `alert/${'a'.repeat(65)}/$`, '{}', 'bad_segment'],
  ['more than 1 MiB', 'alert/panic/$', Buffer.alloc(MIB + 1, 'x'), 'size'],
  ['bytes that are not UTF-8', 'device/$/telemetry', Buffer.from([0x7b, 0xff, 0xfe, 0x7d]), 'encoding'],
  ['text that is not JSON', 'device/$/telemetry', '{"battery": 80,', 'json'],
  ['a JSON list', 'device/$/telemetry', '[1, 2, 3]', 'schema'],
  ['a word for a number', 'device/$/telemetry', telemetry({ battery: 'full' }), 'schema'],
  ['a number out of range', 'device/$/telemetry', telemetry({ battery: 101 }), 'schema'],
  ['deep nesting', 'device/$/telemetry', deeplyNested, 'schema'],
  [
    'a prototype',
    'device/$/telemetry',
    `{"battery":1,"__proto__":{"admin":true},"timestamp":1}`,
    'injection',
  ],
];

describe('bad input', () => {
  let bus: RunningBus;
  let source: AlertSource;
  let operator: Operator;
  let database: pg.Client;

  beforeAll(async () => {
    bus = await startBus();
    source = await AlertSource.connect({ url: bus.broker.url, ...bus.devices[0]! });
    operator = await Operator.connect(bus.gatewayUrls, bus.users.noc_operator);
    database = new pg.Client({ connectionString: bus.databaseUrl });
    await database.connect();
  }, 120_000);
  afterAll(async () => {
    operator.close();
    await source.close();
    await database.end();
    await bus.stop();
  });

  it.each(REFUSED)('refuses %s, says why, counts it and goes on', async (title, topic, payload, code) => {
    const before = await refusedCount(bus);
    const heard = source.refusals.length;
    await source.publish(topic.replace('$', source.name), payload);
    const refusal = await waitFor(() => source.refusals[heard], { message: 'the refusal' });
    expect(refusal).toMatchObject({ code, reason: expect.stringMatching(/\w/) });
    expect(await refusedCount(bus)).toBe(before + 1);

    const id = `good-after-${title.replaceAll(' ', '-')}`;
    await source.alert(id);
    await waitFor(() => source.acknowledged.has(id), { message: 'the next good message' });
  });

  it('tells the operators when an alert could not be read at all', async () => {
    await source.publish(`alert/panic/${source.name}`, 'HELP ME <b>now</b>');
    const notice = await waitFor(() => operator.events.find(({ type }) => type === 'system_alert'));
    expect(JSON.stringify(notice.data)).toContain(source.name);
  });

  it('keeps and flags an alert from a device whose clock is a year off', async () => {
    const nextYear = new Date(Date.now() + 365 * 24 * 3_600_000).toISOString();
    await source.alert('clock-ahead', { timestamp: nextYear });
    const shown = await waitFor(() => operator.alerts.find(({ data }) => data.message_id === 'clock-ahead'));
    expect(shown.data['clock_suspect']).toBe(true);
    const { rows } = await database.query(
      `select clock_suspect from device_alerts where message_id = 'clock-ahead'`,
    );
    expect(rows).toEqual([{ clock_suspect: true }]);
  });

  it('hears an alert whatever state its fields are in', async () => {
    await source.publish(
      `alert/fire/${source.name}`,
      JSON.stringify({ id: 'lenient', severity: 'EXTREME', location: 'nowhere', timestamp: 'yesterday' }),
    );
    const shown = await waitFor(() => operator.alerts.find(({ data }) => data.message_id === 'lenient'));
    expect(shown.data).toMatchObject({
      alert_type: 'fire',
      severity: 'high',
      location: null,
      clock_suspect: true,
    });
  });

  it('keeps the processes up', () => {
    expect(bus.apps.filter(({ process }) => !process.isRunning)).toEqual([]);
  });
});

async function refusedCount(bus: RunningBus): Promise<number> {
  const metrics = await (await fetch(`${bus.ingest.process.opsUrl}/metrics`)).text();
  return [...metrics.matchAll(/^bus_mqtt_messages_rejected_total\{.*\} (\d+)$/gm)].reduce(
    (sum, [, value]) => sum + Number(value),
    0,
  );
}
