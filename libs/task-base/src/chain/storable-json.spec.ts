import { describe, expect, it } from 'vitest';
import { redact } from '@bus/observability';
import { mostJsonBytes } from './storable-json.ts';

class Named {
  readonly name = 'x';
}

const sparse: unknown[] = [];
sparse[1] = 1;

describe('mostJsonBytes', () => {
  it.each([
    ['nothing', null],
    ['the longest numbers', [-1 / 3e300, -Number.MAX_VALUE, Number.MIN_VALUE]],
    ['the longest characters', { ['\u001f"\\']: ['\u001f'.repeat(100), '\uffff', '😀'] }],
    ['a text', 'gate 4'],
    ['a list in an object', { rows: [1, 'a', null, { ok: true }] }],
    ['what is empty', { a: {}, b: [] }],
  ])('is not below what %s takes, which JSON gives back as it is', (_what, value) => {
    expect(mostJsonBytes(value)).toBeGreaterThanOrEqual(JSON.stringify(value).length);
    expect(JSON.parse(JSON.stringify(value))).toEqual(value);
  });

  it.each([
    ['undefined in an object', { a: undefined }],
    ['a number JSON does not have', [NaN]],
    ['negative zero', -0],
    ['a number beyond JSON', 2n],
    ['a function', () => 1],
    ['a symbol', Symbol('x')],
    ['a date', new Date(0)],
    ['an error', new Error('x')],
    ['a map', new Map()],
    ['a list with holes', sparse],
    ['a form of its own', { toJSON: 1 }],
    ['a field named like the prototype', JSON.parse('{"__proto__":1}')],
    ['text no store takes', { a: ['a\0b'] }],
  ])('is unknown for %s', (_what, value) => {
    expect(mostJsonBytes(value)).toBeUndefined();
  });

  it.each([
    ['a class instance', new Named()],
    ['a list with a field', Object.assign([1], { more: 2 })],
    ['a hidden name', { [Symbol('x')]: 1 }],
    ['a list of a class', new (class extends Array<number> {})(3)],
  ])('is right about the copy of %s', (_what, value) => {
    const copy = redact(value);
    const read: unknown = JSON.parse(JSON.stringify(copy));
    if (mostJsonBytes(copy) !== undefined) expect(read).toStrictEqual(copy);
  });
});
