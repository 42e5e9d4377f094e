import { describe, expect, it } from 'vitest';
import { isStorableJson } from './storable-json.ts';

class Named {
  readonly name = 'x';
}

const sparse: unknown[] = [];
sparse[1] = 1;

describe('isStorableJson', () => {
  it.each([
    ['nothing', null],
    ['a text', 'gate 4'],
    ['a list in an object', { rows: [1, 'a', null, { ok: true }] }],
    ['what is empty', { a: {}, b: [] }],
  ])('is true for %s, which JSON gives back as it is', (_what, value) => {
    expect(isStorableJson(value)).toBe(true);
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
    ['a class instance', new Named()],
    ['a list with holes', sparse],
    ['a list with a field', Object.assign([1], { more: 2 })],
    ['a form of its own', { toJSON: 1 }],
    ['a field named like the prototype', JSON.parse('{"__proto__":1}')],
    ['a hidden name', { [Symbol('x')]: 1 }],
    ['text no store takes', { a: ['a\0b'] }],
  ])('is false for %s', (_what, value) => {
    expect(isStorableJson(value)).toBe(false);
  });
});
