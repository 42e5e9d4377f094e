import { createHash } from 'node:crypto';
import { QuarantineQueries } from '@bus/database';
import { createRedisDatabase } from '@bus/testing';
import type { AppProcess } from '@bus/testing';
import type { MqttClient } from 'mqtt';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { IngestFixture, metric, readiness, waitFor } from './spec-support/ingest-fixture.ts';

let fixture: IngestFixture;
let app: AppProcess;
/** May write every topic, to play devices that misbehave. */
let device: MqttClient;
/** What was answered to devices. */
const answers: { topic: string; body: Record<string, unknown> }[] = [];

beforeAll(async () => {
  fixture = await IngestFixture.start({
    redisUrl: await createRedisDatabase(inject('redisUrl')),
    databaseUrl: inject('databaseUrl'),
  });
  app = await fixture.startIngest();
  device = await fixture.connect('dev-1');
  device.on('message', (topic, payload) => {
    answers.push({ topic, body: JSON.parse(payload.toString()) as Record<string, unknown> });
  });
  await device.subscribeAsync('downlink/#', { qos: 1 });
});
afterAll(() => fixture.stop());

const NOW = new Date().toISOString();

function send(
  topic: string,
  payload: object | string | Buffer,
  options: { qos?: 0 | 1 | 2; id?: string } = {},
) {
  const bytes = Buffer.isBuffer(payload) || typeof payload === 'string' ? payload : JSON.stringify(payload);
  return device.publishAsync(topic, bytes, {
    qos: options.qos ?? 1,
    ...(options.id === undefined ? {} : { properties: { userProperties: { message_id: options.id } } }),
  });
}

/** The alerts waiting, once there is one with this message; everything sent before it by then is there too. */
async function alertsUntil(message: string): Promise<Record<string, unknown>[]> {
  return waitFor(async () => {
    const alerts = (await fixture.jobs('critical')).map(({ params }) => params);
    return alerts.some((alert) => alert['message'] === message) && alerts;
  });
}

describe('every topic becomes a job of its task', () => {
  it.each([
    [
      'device/d-1/telemetry',
      'external_api',
      { battery: 87, humidity: 41.5, firmware: '1.2' },
      { device_id: 'd-1', battery: 87, readings: { humidity: 41.5 } },
    ],
    [
      'sensor/s-1/status',
      'external_api',
      { type: 'smoke', value: 120 },
      { source_id: 's-1', type: 'smoke', value: 120 },
    ],
    [
      'guard/g-1/gps',
      'high_priority',
      { lat: 19.07, lon: 72.87, accuracy: 5, guard_id: 7 },
      { source_id: 'g-1', lat: 19.07, guard_id: 7 },
    ],
    [
      'system/health/edge-1',
      'maintenance',
      { cpu: 5, memory: 50.5, disk: 70, uptime: 9 },
      { source_id: 'edge-1', cpu: 5, uptime: 9 },
    ],
  ])('%s, in a batch', async (topic, queue, fields, expected) => {
    const payload = { ...fields, timestamp: NOW };
    await send(topic, payload, { id: `id of ${topic}`, qos: topic.startsWith('system') ? 0 : 1 });
    const stored = await waitFor(async () =>
      (await fixture.batchedMessages(queue)).find(({ message_id }) => message_id === `id of ${topic}`),
    );
    expect(stored).toMatchObject({ ...expected, device_time: NOW, clock_suspect: false, raw: payload });
    expect(Date.parse(String(stored['received_at']))).toBeGreaterThanOrEqual(Date.parse(NOW));
  });

  it('device/{deviceId}/command-reply, alone', async () => {
    await send(
      'device/d-1/command-reply',
      { command_id: 9, status: 'failed', reason: 'no power' },
      { id: 'reply' },
    );
    const job = await waitFor(async () =>
      (await fixture.jobs('high_priority')).find(({ params }) => params['message_id'] === 'reply'),
    );
    expect(job.params).toMatchObject({
      device_id: 'd-1',
      command_id: 9,
      status: 'failed',
      reason: 'no power',
      device_time: null,
    });
  });

  it('alert/{alertType}/{sourceId}, alone and made complete', async () => {
    await send(
      'alert/fire/s-1',
      { severity: 'URGENT', message: 'incomplete', floor: 3 },
      { qos: 2, id: 'a-1' },
    );
    const alerts = await alertsUntil('incomplete');
    expect(alerts.at(-1)).toMatchObject({
      message_id: 'a-1',
      topic: 'alert/fire/s-1',
      source_id: 's-1',
      alert_type: 'fire',
      severity: 'high',
      location: null,
      device_time: null,
      clock_suspect: false,
      raw: { floor: 3 },
    });
  });
});

describe('the same message', () => {
  it('sent three times, at any quality of service, is one job', async () => {
    const payload = { message: 'three times', timestamp: NOW };
    for (const qos of [2, 1, 0] as const) await send('alert/panic/s-3', payload, { qos });
    await send('alert/panic/s-3', { message: 'after three' });
    const alerts = await alertsUntil('after three');
    const same = alerts.filter(({ message }) => message === 'three times');
    const hash = createHash('sha256')
      .update(`alert/panic/s-3${JSON.stringify(payload)}`)
      .digest('hex');
    expect(same.map(({ message_id }) => message_id)).toEqual([hash]);
  });

  it('is recognised by its id although its content differs, and two devices may use the same id', async () => {
    await send('alert/panic/s-4', { message: 'first press' }, { id: '1' });
    await send('alert/panic/s-4', { message: 'first press, sent again', attempt: 2 }, { id: '1' });
    await send('alert/panic/s-5', { message: 'other device' }, { id: '1' });
    const alerts = await alertsUntil('other device');
    const messages = alerts.filter(({ message_id }) => message_id === '1').map(({ message }) => message);
    expect(messages).toEqual(['first press', 'other device']);
  });
});

describe('many messages', () => {
  it('of telemetry are batched, each exactly once', async () => {
    const ids = Array.from({ length: 1_000 }, (_, index) => `bulk-${index}`);
    const jobsBefore = (await fixture.jobs('external_api')).length;
    await Promise.all(ids.map((id) => send('device/d-9/telemetry', { battery: 5, timestamp: NOW }, { id })));
    const stored = await waitFor(async () => {
      const messages = (await fixture.batchedMessages('external_api')).filter(
        ({ device_id }) => device_id === 'd-9',
      );
      return messages.length >= ids.length && messages;
    });
    expect(stored.map(({ message_id }) => message_id)).toEqual(ids);
    expect((await fixture.jobs('external_api')).length - jobsBefore).toBeLessThan(200);
  });

  it('of alerts keep their order', async () => {
    const messages = Array.from({ length: 500 }, (_, index) => `in order ${index}`);
    await Promise.all(messages.map((message) => send('alert/panic/s-6', { message }, { id: message })));
    const alerts = await alertsUntil('in order 499');
    expect(alerts.filter(({ source_id }) => source_id === 's-6').map(({ message }) => message)).toEqual(
      messages,
    );
  });
});

describe('what cannot be taken is refused with its reason, and the next message goes through', () => {
  const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;
  const refused: [string, string, object | string | Buffer, string][] = [
    ['an unknown topic', 'device/bad-1/firmware', {}, 'unknown_topic'],
    ['a topic that is too long', 'device/bad-2/telemetry/more', {}, 'unknown_topic'],
    ['a bad segment', 'alert/fi re/bad-3', {}, 'bad_segment'],
    ['too many bytes', 'device/bad-4/telemetry', Buffer.alloc(65_537, ' '), 'size'],
    ['too many bytes for any topic', 'alert/fire/bad-5', Buffer.alloc(1_048_577, ' '), 'size'],
    ['no bytes', 'device/bad-6/telemetry', '', 'json'],
    ['bytes that are no text', 'device/bad-7/telemetry', Buffer.from([0x00, 0xff, 0xfe, 0x80]), 'encoding'],
    ['an overlong encoding', 'device/bad-8/telemetry', Buffer.from([0x22, 0xc0, 0xaf, 0x22]), 'encoding'],
    ['text that is no JSON', 'guard/bad-9/gps', 'lat=1&lon=2', 'json'],
    ['JSON that is cut off', 'guard/bad-10/gps', '{"lat":1,', 'json'],
    ['JSON that is no object', 'sensor/bad-11/status', '[1,2]', 'schema'],
    ['an alert that is no object', 'alert/fire/bad-12', '"fire"', 'schema'],
    ['a missing field', 'sensor/bad-13/status', { timestamp: NOW }, 'schema'],
    ['a value out of range', 'device/bad-14/telemetry', { battery: 101, timestamp: NOW }, 'schema'],
    ['a number as text', 'device/bad-15/telemetry', { battery: '5', timestamp: NOW }, 'schema'],
    ['infinity', 'device/bad-16/telemetry', `{"battery":5,"x":1e999,"timestamp":"${NOW}"}`, 'schema'],
    [
      'too deep',
      'device/bad-17/telemetry',
      `{"battery":5,"timestamp":"${NOW}","x":${'['.repeat(20)}${']'.repeat(20)}}`,
      'schema',
    ],
    ['far too deep', 'alert/fire/bad-18', deep, 'schema'],
    [
      'a way into prototypes',
      'device/bad-19/telemetry',
      `{"battery":5,"timestamp":"${NOW}","__proto__":{}}`,
      'injection',
    ],
    [
      'a packet of another framework',
      'guard/bad-20/gps',
      { pattern: 'x', id: '1', data: { lat: 1, lon: 2 } },
      'schema',
    ],
    ['an id that is none', 'device/bad-21/telemetry', { battery: 5, timestamp: NOW, id: {} }, 'schema'],
  ];

  it.each(refused)('%s', async (_case, topic, payload, code) => {
    const sourceId = topic.split('/').find((segment) => segment.startsWith('bad-'));
    const rejectedBefore = await metric(app, 'bus_mqtt_messages_rejected_total', {
      reason: code.replace(/^(unknown_topic|bad_segment)$/, 'topic'),
    });
    await send(topic, payload);
    const answer = await waitFor(() =>
      answers.find((candidate) => candidate.topic === `downlink/${sourceId}/error`),
    );
    expect(answer.body).toMatchObject({ topic, code, reason: expect.stringMatching(/./) });
    await send('alert/panic/s-7', { message: `good one after ${topic}` });
    await alertsUntil(`good one after ${topic}`);
    const rejected = await metric(app, 'bus_mqtt_messages_rejected_total', {
      reason: code.replace(/^(unknown_topic|bad_segment)$/, 'topic'),
    });
    expect(rejected).toBe(rejectedBefore + 1);
  });

  it('answers nobody when the topic names nobody', async () => {
    const before = answers.length;
    await send('device/bad id/telemetry', {});
    await send('alert/fire', {});
    await send('device/bad-22/telemetry', 'x');
    await waitFor(() => answers.length > before);
    expect(answers.slice(before).map(({ topic }) => topic)).toEqual(['downlink/bad-22/error']);
  });

  it('keeps what was refused in the quarantine, byte by byte', async () => {
    const bytes = Buffer.from([0x00, 0xff, 0x7b, 0x80]);
    await send('sensor/bad-23/status', bytes, { id: 'q-1' });
    const [kept] = await waitFor(async () => {
      const rows = await new QuarantineQueries(fixture.pool).list({ limit: 10, sourceId: 'bad-23' });
      return rows.length > 0 && rows;
    });
    expect(kept).toMatchObject({
      topic: 'sensor/bad-23/status',
      reason: 'encoding',
      payload: bytes,
      isTruncated: false,
    });
  });

  it('tells the operations centre of alerts that were refused, hostile text and all, and of nothing else', async () => {
    await send('alert/fire/bad-24', '<img src=x onerror=alert(1)>\u0000');
    const events = await waitFor(async () => {
      const all = (await fixture.nocEvents()).filter(({ type }) => type === 'system_alert');
      return all.some(({ data }) => data['source_id'] === 'bad-24') && all;
    });
    expect(events.every(({ priority }) => priority === 'critical')).toBe(true);
    expect(events.every(({ data }) => String(data['topic']).startsWith('alert/'))).toBe(true);
    expect(events.find(({ data }) => data['source_id'] === 'bad-24')?.data).toMatchObject({
      code: 'alert_refused',
      reason: 'An alert could not be read: the payload must be JSON',
      topic: 'alert/fire/bad-24',
      excerpt: '<img src=x onerror=alert(1)>␀',
    });
  });

  it('survives a flood of nonsense from one device, whose answers are limited', async () => {
    const before = answers.length;
    await Promise.all(Array.from({ length: 500 }, () => send('device/bad-25/telemetry', 'nonsense')));
    await send('alert/panic/s-8', { message: 'after the flood' });
    await alertsUntil('after the flood');
    const mine = answers.slice(before).filter(({ topic }) => topic === 'downlink/bad-25/error');
    expect(mine.length).toBeGreaterThan(0);
    expect(mine.length).toBeLessThan(40);
  });
});

describe('the process', () => {
  it('is ready, holds nothing and has logged no error after all of this', async () => {
    await waitFor(async () => (await metric(app, 'bus_mqtt_held_acks')) === 0);
    const { ready, checks } = await readiness(app);
    expect({ ready, checks: Object.keys(checks).toSorted() }).toEqual({
      ready: true,
      checks: ['enqueue', 'mqtt', 'mqtt_alerts', 'redis'],
    });
    expect(app.logs.filter(({ level }) => level === 'error' || level === 'fatal')).toEqual([]);
  });

  it('tells the broker what it took: the acknowledgements are out', async () => {
    const [ids, done] = [
      await metric(app, 'bus_mqtt_messages_received_total', { topic_class: 'telemetry', result: 'enqueued' }),
      await metric(app, 'bus_mqtt_ack_hold_seconds_count', { topic_class: 'telemetry' }),
    ];
    expect(ids).toBeGreaterThan(1_000);
    expect(done).toBeGreaterThanOrEqual(ids);
  });
});
