import { DeviceAlertJob, validatePayload } from '@bus/payload-schemas';
import type { SensorEntry } from '@bus/payload-schemas';
import { describe, expect, it } from 'vitest';
import { fireAlertOf, isSmoke } from './smoke-alarm.ts';

const reading = (changes: Partial<SensorEntry> = {}): SensorEntry => ({
  message_id: 'r-1',
  source_id: 'sensor-1',
  type: 'smoke',
  value: 101,
  device_time: '2026-01-01T00:00:00.000Z',
  received_at: '2026-01-01T00:00:00.500Z',
  clock_suspect: false,
  raw: { value: 101 },
  ...changes,
});

describe('smoke alarm', () => {
  it.each([
    [{ value: 100 }, false],
    [{ value: 100.1 }, true],
    [{ type: 'Smoke' }, true],
    [{ type: 'temperature', value: 500 }, false],
    [{ value: null }, false],
    [{ value: undefined }, false],
  ])('of %j: %s', (changes, expected) => {
    expect(isSmoke(reading(changes as Partial<SensorEntry>))).toBe(expected);
  });

  it('raises a valid critical fire alert, the same one for the same reading', () => {
    const alert = fireAlertOf(reading());
    expect(validatePayload(DeviceAlertJob, alert)).toMatchObject({ ok: true });
    expect(alert).toMatchObject({
      alert_type: 'fire',
      severity: 'critical',
      source_id: 'sensor-1',
      message_id: 'smoke-r-1',
    });
    expect(fireAlertOf(reading())).toEqual(alert);
  });

  it('stays valid with the longest message id a sensor may use', () => {
    const alert = fireAlertOf(reading({ message_id: 'x'.repeat(128) }));
    expect(validatePayload(DeviceAlertJob, alert)).toMatchObject({ ok: true });
  });
});
