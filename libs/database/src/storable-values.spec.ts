import { describe, expect, it } from 'vitest';
import {
  storableInteger,
  storableJson,
  storableKey,
  storableNumber,
  storableText,
  storableTime,
} from './storable-values.ts';

describe('storableText', () => {
  it('replaces NUL and lone surrogates, and nothing else', () => {
    expect(storableText('a\u0000b')).toBe('a\uFFFDb');
    expect(storableText('\ud83d')).toBe('\uFFFD');
    expect(storableText('x\udc00y')).toBe('x\uFFFDy');
    const ordinary = 'Feuer 🔥 <b>"\\u0000"</b>\n\u0001\u007f';
    expect(storableText(ordinary)).toBe(ordinary);
  });
});

describe('storableJson', () => {
  it('replaces NUL and lone surrogates in values and names', () => {
    expect(JSON.parse(storableJson({ 'k\u0000': ['v\u0000', { deep: '\ud800' }] }))).toEqual({
      'k\uFFFD': ['v\uFFFD', { deep: '\uFFFD' }],
    });
  });

  it('leaves text alone that only looks like an escape', () => {
    const value = { text: '\\u0000', more: '\\\\u0000 \\ud800', control: '\u0001\n', emoji: '🔥' };
    expect(JSON.parse(storableJson(value))).toEqual(value);
  });

  it('sees an escape behind an escaped backslash', () => {
    expect(JSON.parse(storableJson(['\\\u0000']))).toEqual(['\\\uFFFD']);
  });

  it('has a form for what JSON does not know', () => {
    expect(storableJson(undefined)).toBe('null');
    expect(storableJson(Number.NaN)).toBe('null');
  });
});

describe('storableKey', () => {
  it('keeps keys of ordinary length and tells longer ones apart by their hash', () => {
    expect(storableKey('a'.repeat(256))).toBe('a'.repeat(256));
    const first = storableKey('a'.repeat(257));
    expect(first).toMatch(/^sha256:[0-9a-f]{64}$/);
    expect(storableKey('a'.repeat(258))).not.toBe(first);
    expect(storableKey('a'.repeat(257))).toBe(first);
  });
});

describe('numbers', () => {
  it('turns what a column cannot hold into null', () => {
    expect([1.5, Number.NaN, Infinity, null, undefined].map(storableNumber)).toEqual([
      1.5,
      null,
      null,
      null,
      null,
    ]);
    expect([7, 1.5, 2 ** 60, 1e300, null].map(storableInteger)).toEqual([7, null, null, null, null]);
  });
});

describe('storableTime', () => {
  it('keeps milliseconds and moves absurd years to the nearer end', () => {
    expect(storableTime('2026-01-02T03:04:05.678+01:00')).toBe('2026-01-02T02:04:05.678Z');
    expect(storableTime('+123456-01-01T00:00:00.000Z')).toBe('9999-12-31T23:59:59.999Z');
    expect(storableTime('-000044-03-15T00:00:00.000Z')).toBe('0001-01-01T00:00:00.000Z');
  });

  it('is null for what is no time', () => {
    expect([null, undefined, '', 'yesterday'].map(storableTime)).toEqual([null, null, null, null]);
  });
});
