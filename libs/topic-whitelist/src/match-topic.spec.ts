import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { matchTopic, sourceIdOf } from './match-topic.ts';
import { ALL_TOPICS, TOPICS } from './topics.ts';

describe('matchTopic', () => {
  it.each([
    ['device/d-1/telemetry', TOPICS.device_telemetry, { deviceId: 'd-1' }, 'd-1'],
    ['guard/42/gps', TOPICS.guard_gps, { guardId: '42' }, '42'],
    ['sensor/smoke_3/status', TOPICS.sensor_status, { sensorId: 'smoke_3' }, 'smoke_3'],
    ['alert/fire/s-1', TOPICS.device_alert, { alertType: 'fire', sourceId: 's-1' }, 's-1'],
    ['system/health/edge-1', TOPICS.system_health, { systemId: 'edge-1' }, 'edge-1'],
    ['device/d-1/command-reply', TOPICS.command_reply, { deviceId: 'd-1' }, 'd-1'],
    ['downlink/d-1/command', TOPICS.downlink_command, { sourceId: 'd-1' }, 'd-1'],
    ['downlink/d-1/ack', TOPICS.downlink_ack, { sourceId: 'd-1' }, 'd-1'],
    ['downlink/d-1/error', TOPICS.downlink_error, { sourceId: 'd-1' }, 'd-1'],
    [
      `device/${'x'.repeat(64)}/telemetry`,
      TOPICS.device_telemetry,
      { deviceId: 'x'.repeat(64) },
      'x'.repeat(64),
    ],
  ])('%s', (text, topic, params, sourceId) => {
    expect(matchTopic(text)).toEqual({ ok: true, topic, params, sourceId });
  });

  it.each([
    '',
    '/',
    'device',
    'device/d-1',
    'device/d-1/telemetry/',
    '/device/d-1/telemetry',
    'device/d-1/telemetry/more',
    'Device/d-1/telemetry',
    'device/d-1/Telemetry',
    'device/d-1/firmware',
    'devices/d-1/telemetry',
    'system/load/edge-1',
    'alert/fire',
    'alert/fire/s-1/more',
    '$SYS/broker/uptime',
    'device/../device/d-1/telemetry',
    'device\\d-1\\telemetry',
    'device%2Fd-1%2Ftelemetry',
    `device/${'x'.repeat(65_000)}/telemetry`,
    '/'.repeat(65_535),
  ])('%.40s is no topic of the platform', (text) => {
    expect(matchTopic(text)).toMatchObject({ ok: false, reason: 'unknown_topic' });
  });

  it.each([
    'device//telemetry',
    'device/../telemetry',
    'device/+/telemetry',
    'device/#/telemetry',
    'device/d 1/telemetry',
    'device/d\0/telemetry',
    'device/d%2f1/telemetry',
    'device/dе-1/telemetry', // the е is Cyrillic
    'device/dévice/telemetry',
    'device/d-1\n/telemetry',
    `device/${'x'.repeat(65)}/telemetry`,
    'alert/fi re/s-1',
    'alert/fire/s.1',
    'alert/__proto__.x/s-1',
  ])('%.40s has a bad segment', (text) => {
    expect(matchTopic(text)).toMatchObject({ ok: false, reason: 'bad_segment' });
  });

  it('gives back every topic it is asked for with any good segments, and never throws', () => {
    const segment = fc.stringMatching(/^[A-Za-z0-9_-]{1,64}$/);
    fc.assert(
      fc.property(fc.constantFrom(...ALL_TOPICS), segment, (topic, id) => {
        expect(matchTopic(topic.template.replaceAll(/\{\w+\}/g, id))).toMatchObject({
          ok: true,
          topic,
          sourceId: id,
        });
      }),
    );
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 400 }), (text) => {
        expect(typeof matchTopic(text).ok).toBe('boolean');
      }),
    );
  });

  it('takes a parameter named like an object member as what it is', () => {
    expect(matchTopic('alert/constructor/__proto__')).toMatchObject({
      ok: true,
      sourceId: '__proto__',
      params: { alertType: 'constructor' },
    });
  });
});

describe('sourceIdOf', () => {
  it.each([
    ['device/d-1/telemetry', 'd-1'],
    ['device/d-1/telemetri', 'd-1'],
    ['device/d-1', 'd-1'],
    ['guard/g-1/a/b/c', 'g-1'],
    ['alert/fi re/s-1', 's-1'],
    ['system/health/edge-1', 'edge-1'],
    ['device/d 1/telemetry', null],
    ['alert/fire', null],
    ['system/load/edge-1', null],
    ['device', null],
    ['', null],
    [`device/d-1/${'x'.repeat(300)}`, null],
  ])('%.40s belongs to %s', (topic, sourceId) => {
    expect(sourceIdOf(topic)).toBe(sourceId);
  });
});
