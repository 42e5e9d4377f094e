import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DeviceAlertJob } from '../jobs/device-alert.job.ts';
import { validatePayload } from '../validation/validate-payload.ts';
import { normaliseAlert } from './normalise-alert.ts';

const ARRIVAL = {
  topic: 'alert/fire/sensor-7',
  topicAlertType: 'fire',
  sourceId: 'sensor-7',
  messageId: 'm-1',
  receivedAt: new Date('2026-01-02T03:04:05.000Z'),
};

describe('normaliseAlert', () => {
  it('keeps a complete alert as it is', () => {
    const plain = {
      alert_type: 'smoke',
      severity: 'critical',
      message: 'Smoke on floor 3',
      location: { lat: 19.07, lon: 72.87, floor: 3 },
      timestamp: '2026-01-02T03:04:04Z',
      battery: 5,
    };
    expect(normaliseAlert(plain, ARRIVAL)).toEqual({
      message_id: 'm-1',
      topic: 'alert/fire/sensor-7',
      source_id: 'sensor-7',
      alert_type: 'smoke',
      severity: 'critical',
      message: 'Smoke on floor 3',
      location: { lat: 19.07, lon: 72.87 },
      device_time: '2026-01-02T03:04:04.000Z',
      received_at: '2026-01-02T03:04:05.000Z',
      clock_suspect: false,
      raw: plain,
    });
  });

  it('makes an alert of an empty object', () => {
    expect(normaliseAlert({}, ARRIVAL)).toMatchObject({
      alert_type: 'fire',
      severity: 'high',
      message: 'fire alert from sensor-7',
      location: null,
      device_time: null,
      clock_suspect: false,
    });
  });

  it.each([
    ['CRITICAL', 'critical'],
    [' Low ', 'low'],
    ['urgent', 'high'],
    [5, 'high'],
    [null, 'high'],
    ['x'.repeat(1_000_000), 'high'],
  ])('severity %j', (severity, expected) => {
    expect(normaliseAlert({ severity }, ARRIVAL)?.severity).toBe(expected);
  });

  it.each([
    ['intrusion', 'intrusion'],
    ['not a segment', 'fire'],
    ['', 'fire'],
    [{}, 'fire'],
  ])('alert_type %j', (alertType, expected) => {
    expect(normaliseAlert({ alert_type: alertType }, ARRIVAL)?.alert_type).toBe(expected);
  });

  it.each([
    [{ lat: 91, lon: 0 }],
    [{ lat: 0, lon: 180.1 }],
    [{ lat: '1', lon: '2' }],
    [{ lat: 1 }],
    ['19,72'],
    [[1, 2]],
  ])('a location that is none (%j) is dropped and kept in raw', (location) => {
    expect(normaliseAlert({ location }, ARRIVAL)).toMatchObject({ location: null, raw: { location } });
  });

  it.each([
    ['2027-01-01T00:00:00Z', '2027-01-01T00:00:00.000Z', true],
    ['2025-01-01T00:00:00Z', '2025-01-01T00:00:00.000Z', true],
    ['soon', null, true],
    [1_767_323_045, '2026-01-02T03:04:05.000Z', false],
  ])('timestamp %j', (timestamp, deviceTime, suspect) => {
    expect(normaliseAlert({ timestamp }, ARRIVAL)).toMatchObject({
      device_time: deviceTime,
      clock_suspect: suspect,
    });
  });

  it('keeps hostile text as text, cut to 2000 characters', () => {
    const message = `<script>alert(1)</script>\u0000\u001b[2J${'x'.repeat(5000)}`;
    const alert = normaliseAlert({ message }, ARRIVAL);
    expect(alert?.message).toHaveLength(2000);
    expect(alert?.message.startsWith('<script>alert(1)</script>␀\u001b[2J')).toBe(true);
  });

  it('does not lose an alert to names that reach into prototypes, depth or infinity; it leaves those out', () => {
    const plain: unknown = JSON.parse(
      `{"__proto__":{"severity":"info"},"message":"help","deep":${'['.repeat(50)}${']'.repeat(50)},"n":1e999}`,
    );
    const alert = normaliseAlert(plain, ARRIVAL);
    expect(alert).toMatchObject({ severity: 'high', message: 'help', raw: { message: 'help', n: null } });
    expect(Object.keys(alert?.raw ?? {})).toEqual(['message', 'deep', 'n']);
  });

  it.each([[null], [undefined], ['text'], [5], [[]], [true]])('%j is no alert', (plain) => {
    expect(normaliseAlert(plain, ARRIVAL)).toBeNull();
  });

  it('always gives parameters that pass the job class', () => {
    const field = fc.oneof(
      fc.jsonValue(),
      fc.string({ unit: 'binary' }),
      fc.double(),
      fc.constant('x'.repeat(20_000)),
    );
    fc.assert(
      fc.property(
        fc.record(
          {
            alert_type: field,
            severity: field,
            message: field,
            location: field,
            timestamp: field,
            extra: field,
          },
          { requiredKeys: [] },
        ),
        (plain) => {
          expect(validatePayload(DeviceAlertJob, normaliseAlert(plain, ARRIVAL))).toMatchObject({ ok: true });
        },
      ),
      { numRuns: 500 },
    );
  });
});
