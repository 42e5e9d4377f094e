import {
  DeviceAlertPayload,
  DeviceTelemetryPayload,
  GuardGpsPayload,
  SensorStatusPayload,
  SystemHealthPayload,
  validatePayload,
} from '@bus/payload-schemas';
import { DEVICE_KINDS } from '@bus/database';
import { describe, expect, it } from 'vitest';
import { nextAlert } from './alert-scenarios.ts';
import { distanceMetres, placeOnSite, siteOf, Walk } from './position.ts';
import { Random } from './random.ts';
import { deviceReadings, edgeReadings, sensorReadings } from './readings.ts';

const timestamp = '2026-01-01T00:00:00.000Z';

describe('what the fleet says', () => {
  it.each([
    ['telemetry', DeviceTelemetryPayload, deviceReadings(new Random(1))],
    ['a smoke value', SensorStatusPayload, sensorReadings(new Random(1), 0)],
    ['a door', SensorStatusPayload, sensorReadings(new Random(1), 1)],
    ['motion', SensorStatusPayload, sensorReadings(new Random(1), 2)],
    ['humidity', SensorStatusPayload, sensorReadings(new Random(1), 3)],
    ['system health', SystemHealthPayload, edgeReadings(new Random(1), () => 1_767_225_600_000)],
  ])('is valid %s over a long time', (_name, payloadClass, read) => {
    for (let i = 0; i < 2_000; i += 1) {
      expect(validatePayload(payloadClass, { ...read(), timestamp })).toMatchObject({ ok: true });
    }
  });

  it('is a valid alert of every kind of member', () => {
    const random = new Random(1);
    for (const kind of DEVICE_KINDS) {
      const { alertType, severity, message } = nextAlert(kind, random);
      const payload = { alert_type: alertType, severity, message, location: siteOf(0), timestamp };
      expect(validatePayload(DeviceAlertPayload, payload)).toMatchObject({ ok: true });
    }
  });

  it('never raises the platform’s own smoke alarm by chance', () => {
    const read = sensorReadings(new Random(3), 0);
    const values = Array.from({ length: 20_000 }, () => Number(read().value));
    expect(Math.max(...values)).toBeLessThan(100);
  });
});

describe('a guard on a round', () => {
  it('walks at a walking pace, stays near the site and gives valid positions', () => {
    const random = new Random('guard-001');
    const site = siteOf(1);
    const walk = new Walk(site, placeOnSite(site, random), random);
    for (let step = 0; step < 5_000; step += 1) {
      const before = walk.position;
      const position = walk.advance(5_000);
      expect(distanceMetres(before, position)).toBeLessThan(10);
      expect(distanceMetres(site, position)).toBeLessThan(400);
      expect(validatePayload(GuardGpsPayload, { ...position, timestamp })).toMatchObject({ ok: true });
    }
  });

  it('comes somewhere', () => {
    const random = new Random('guard-002');
    const home = placeOnSite(siteOf(0), random);
    const walk = new Walk(siteOf(0), home, random);
    const farthest = Array.from({ length: 200 }, () => distanceMetres(home, walk.advance(5_000)));
    expect(Math.max(...farthest)).toBeGreaterThan(50);
  });
});
