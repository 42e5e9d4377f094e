import { describe, expect, it } from 'vitest';
import { isClockSuspect, MAX_CLOCK_AHEAD_MS, MAX_CLOCK_BEHIND_MS, parseDeviceTime } from './device-time.ts';

describe('parseDeviceTime', () => {
  it.each([
    ['2026-01-02T03:04:05Z', '2026-01-02T03:04:05.000Z'],
    ['2026-01-02T03:04:05.678901', '2026-01-02T03:04:05.678Z'],
    ['2026-01-02 03:04', '2026-01-02T03:04:00.000Z'],
    ['2026-01-02T03:04:05.6+05:30', '2026-01-01T21:34:05.600Z'],
    ['2026-01-02T03:04:05-0330', '2026-01-02T06:34:05.000Z'],
    [1_767_322_800, '2026-01-02T03:00:00.000Z'],
    [1_767_322_800.5, '2026-01-02T03:00:00.500Z'],
    [1_767_322_800_123, '2026-01-02T03:00:00.123Z'],
    // Clocks that are wrong, not messages that are wrong: the nearest time that can be stored.
    [0, '1970-01-01T00:00:00.000Z'],
    [-5, '1970-01-01T00:00:00.000Z'],
    ['0001-01-01T00:00:00Z', '1970-01-01T00:00:00.000Z'],
    ['0000-00-00T00:00:00', '1970-01-01T00:00:00.000Z'],
    [1_767_322_800_123_456, '9999-12-31T23:59:59.999Z'],
    [1e300, '9999-12-31T23:59:59.999Z'],
    ['2026-02-30T00:00:00Z', '2026-03-02T00:00:00.000Z'],
    ['2016-12-31T23:59:60Z', '2017-01-01T00:00:00.000Z'],
  ])('%s', (value, time) => {
    expect(parseDeviceTime(value)?.toISOString()).toBe(time);
  });

  it.each([
    ['yesterday'],
    [''],
    ['2026-01-02'],
    ['2026-13-02T00:00:00Z'],
    ['2026-01-32T00:00:00Z'],
    ['2026-01-02T25:00:00Z'],
    ['2026-01-02T00:00:00+99:00'],
    [' 2026-01-02T00:00:00Z'],
    ['2026-01-02T00:00:00Z '.repeat(1000)],
    [Number.NaN],
    [Number.POSITIVE_INFINITY],
    [null],
    [undefined],
    [true],
    [{}],
    [[1]],
  ])('%j is no time', (value) => {
    expect(parseDeviceTime(value)).toBeNull();
  });
});

describe('isClockSuspect', () => {
  const receivedAt = new Date('2026-01-02T03:04:05Z');
  it.each([
    [0, false],
    [MAX_CLOCK_AHEAD_MS, false],
    [MAX_CLOCK_AHEAD_MS + 1, true],
    [-MAX_CLOCK_BEHIND_MS, false],
    [-MAX_CLOCK_BEHIND_MS - 1, true],
  ])('%i ms from arrival: %s', (offsetMs, suspect) => {
    expect(isClockSuspect(new Date(receivedAt.getTime() + offsetMs), receivedAt)).toBe(suspect);
  });
});
