import { describe, expect, it } from 'vitest';
import { CommandReplyPayload } from '../inbound/command-reply.payload.ts';
import {
  DeviceTelemetryPayload,
  furtherReadings,
  MAX_READINGS,
} from '../inbound/device-telemetry.payload.ts';
import { GuardGpsPayload } from '../inbound/guard-gps.payload.ts';
import { SystemHealthPayload } from '../inbound/system-health.payload.ts';
import { DeviceTelemetryBatchJob } from '../jobs/device-telemetry.job.ts';
import type { PayloadClass } from '../rules/rule.ts';
import { PAYLOAD_LIMITS } from './message-limits.ts';
import { validatePayload } from './validate-payload.ts';

const TIMESTAMP = '2026-01-01T00:00:00.000Z';

function problemsOf(target: PayloadClass, plain: unknown): string[] {
  const validation = validatePayload(target, plain);
  return validation.ok ? [] : validation.problems.map(({ field, reason }) => `${field} ${reason}`);
}

describe('a refusal names the field and what is allowed', () => {
  it.each([
    [{ battery: 150, timestamp: TIMESTAMP }, ['battery must be a number from 0 to 100 (%), not 150']],
    [
      { battery: '5', timestamp: TIMESTAMP },
      ['battery must be a number from 0 to 100 (%), not a text of 1 characters'],
    ],
    [{ battery: [5], timestamp: TIMESTAMP }, ['battery must be a number from 0 to 100 (%), not a list of 1']],
    [
      { battery: 5 },
      [
        'timestamp is missing; it must be a time: ISO 8601 with date and time, or epoch seconds or milliseconds',
      ],
    ],
    [
      { timestamp: TIMESTAMP, firmware: '1.2', device_id: 5 },
      [
        'readings must be present: battery, signal, temperature, connectivity or a further field with a number',
      ],
    ],
    [
      { battery: -1, signal: 500, timestamp: 'noon' },
      [
        'battery must be a number from 0 to 100 (%), not -1',
        'signal must be a number from -200 to 100 (dBm), not 500',
        'timestamp must be a time: ISO 8601 with date and time, or epoch seconds or milliseconds, not a text of 4 characters',
      ],
    ],
  ])('%j', (plain, problems) => {
    expect(problemsOf(DeviceTelemetryPayload, plain).toSorted()).toEqual(problems.toSorted());
  });

  it('gives the place in a batch', () => {
    const entry = {
      message_id: 'm',
      device_time: TIMESTAMP,
      received_at: TIMESTAMP,
      clock_suspect: false,
      raw: {},
    };
    const plain = {
      messages: [
        { ...entry, device_id: 'd', readings: {} },
        { ...entry, device_id: 'a/b', readings: {} },
      ],
    };
    expect(problemsOf(DeviceTelemetryBatchJob, plain)).toEqual([
      'messages[1].device_id must be a topic segment, not a text of 3 characters',
    ]);
  });

  it('reports at most ten problems', () => {
    const plain = { messages: Array.from({ length: 50 }, () => ({})) };
    expect(problemsOf(DeviceTelemetryBatchJob, plain)).toHaveLength(10);
  });
});

describe('what is no message at all', () => {
  it.each([[null], [undefined], [5], ['text'], [[]], [true]])('%j', (plain) => {
    expect(problemsOf(DeviceTelemetryPayload, plain)).toEqual(['(message) must be a JSON object']);
  });
});

describe('the limits of the whole message', () => {
  const base = { battery: 5, timestamp: TIMESTAMP };
  const nested = (levels: number): unknown => JSON.parse('{"a":'.repeat(levels) + '1' + '}'.repeat(levels));

  it.each([
    [
      'too deep',
      { ...base, extra: nested(PAYLOAD_LIMITS.maxDepth) },
      /^extra(\.a)+ must be nested at most 8 levels/,
    ],
    [
      'a list too deep',
      { ...base, extra: JSON.parse('['.repeat(9) + ']'.repeat(9)) },
      /^extra(\[0\])+ must be nested/,
    ],
    [
      'too many fields',
      { ...base, extra: Array.from({ length: 1000 }, () => 1) },
      /^extra must keep the message within/,
    ],
    ['a long text', { ...base, extra: 'x'.repeat(16_385) }, /^extra must be at most 16384 characters/],
    ['a long name', { ...base, ['x'.repeat(129)]: 1 }, /must have a name of at most 128 characters/],
    ['infinity', JSON.parse('{"battery":1e999}'), /^battery must be a finite number/],
    [
      'infinity deep inside',
      { ...base, extra: [{ a: -Infinity }] },
      /^extra\[0\]\.a must be a finite number/,
    ],
    ['not a number', { ...base, extra: Number.NaN }, /^extra must be a finite number/],
    ['a function', { ...base, extra: () => 1 }, /^extra must be a JSON value/],
  ])('%s', (_case, plain, problem) => {
    expect(problemsOf(DeviceTelemetryPayload, plain)[0]).toMatch(problem);
  });

  it('accepts what is just within them', () => {
    expect(
      problemsOf(DeviceTelemetryPayload, { ...base, extra: nested(PAYLOAD_LIMITS.maxDepth - 1) }),
    ).toEqual([]);
    expect(problemsOf(DeviceTelemetryPayload, { ...base, extra: 'x'.repeat(16_384) })).toEqual([]);
  });

  it('survives a hundred thousand levels', () => {
    const deep = JSON.parse('['.repeat(100_000) + ']'.repeat(100_000)) as unknown;
    expect(problemsOf(DeviceTelemetryPayload, { ...base, extra: deep })).toHaveLength(1);
  });
});

describe('field names that reach into prototypes', () => {
  it.each(['__proto__', 'constructor', 'prototype'])('%s is refused at any depth', (name) => {
    for (const text of [
      `{"battery":5,"timestamp":1,"${name}":{"isAdmin":true}}`,
      `{"battery":5,"timestamp":1,"a":[{"${name}":1}]}`,
    ]) {
      const validation = validatePayload(DeviceTelemetryPayload, JSON.parse(text));
      expect(validation).toMatchObject({ ok: false, problems: [{ kind: 'injection' }] });
    }
    expect(({} as { isAdmin?: boolean }).isAdmin).toBeUndefined();
  });
});

describe('text', () => {
  it('keeps control characters and unknown fields as they came, in the same object', () => {
    const plain = { battery: 5, timestamp: TIMESTAMP, note: '\u0007\u001b[31m<script>\r\n' };
    const validation = validatePayload(DeviceTelemetryPayload, plain);
    expect(validation.ok && validation.value).toBe(plain);
  });

  it('shows NUL and halves of surrogate pairs, which no database column can hold, as signs', () => {
    const plain = { battery: 5, timestamp: TIMESTAMP, 'a\0': ['b\0c', '\ud800x'], connectivity: '4\0g' };
    expect(validatePayload(DeviceTelemetryPayload, plain)).toEqual({
      ok: true,
      value: { battery: 5, timestamp: TIMESTAMP, 'a␀': ['b␀c', '�x'], connectivity: '4␀g' },
    });
  });
});

describe('single messages', () => {
  it('takes null for a reading that was not measured, but not for all of them', () => {
    expect(problemsOf(SystemHealthPayload, { cpu: null, disk: 5, timestamp: 1 })).toEqual([]);
    expect(problemsOf(SystemHealthPayload, { cpu: null, timestamp: 1 })).toHaveLength(1);
  });

  it('wants lat and lon on the earth', () => {
    expect(problemsOf(GuardGpsPayload, { lat: 90.1, lon: -180.5, timestamp: 1 })).toHaveLength(2);
  });

  it('takes any JSON value as the result of a command', () => {
    for (const result of [null, 0, 'x', [1], { a: 1 }]) {
      expect(problemsOf(CommandReplyPayload, { command_id: 1, status: 'received', result })).toEqual([]);
    }
  });

  it('reads further numbers as readings: no ids, no known fields, at most 64', () => {
    const many = Object.fromEntries(Array.from({ length: 100 }, (_, index) => [`r${index}`, index]));
    expect(
      furtherReadings({ battery: 5, id: 1, client_id: 2, timestamp: 3, humidity: 4, state: 'x' }),
    ).toEqual({ humidity: 4 });
    expect(Object.keys(furtherReadings(many))).toHaveLength(MAX_READINGS);
  });
});
