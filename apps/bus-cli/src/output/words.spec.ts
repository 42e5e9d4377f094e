import { describe, expect, it } from 'vitest';
import { ago, counted, duration, oneLine } from './words.ts';

describe('duration', () => {
  it.each([
    [0, '0s'],
    [0.25, '250ms'],
    [1.24, '1.2s'],
    [59, '59s'],
    [192, '3m 12s'],
    [3_600, '1h'],
    [3_605, '1h'],
    [90_000, '1d 1h'],
    [172_805, '2d'],
    [-5, '-5s'],
    [Number.NaN, '-'],
    [Infinity, '-'],
  ])('%d seconds: %s', (seconds, text) => {
    expect(duration(seconds)).toBe(text);
  });
});

describe('ago', () => {
  it('is the time since a moment', () => {
    expect(ago(new Date(0), new Date(192_000))).toBe('3m 12s');
    expect(ago(null)).toBe('-');
  });
});

it('counts things and shows values', () => {
  expect([counted(0, 'job'), counted(1, 'job'), counted(2, 'process', 'processes')]).toEqual([
    '0 jobs',
    '1 job',
    '2 processes',
  ]);
  expect([oneLine(null), oneLine('a'), oneLine({ a: 1 })]).toEqual(['-', 'a', '{"a":1}']);
  expect(oneLine('x'.repeat(10_000)).length).toBeLessThan(2_100);
});
