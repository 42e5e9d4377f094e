import { describe, expect, it } from 'vitest';
import { isIncomplete, withoutSeals } from './sealed-values.ts';

describe('withoutSeals', () => {
  it('shows a seal as such, however deep, and leaves the rest', () => {
    const params = { pin: { sealed: 'abc' }, list: [{ sealed: 'x' }, 1], sealed: 'a text', other: 2 };
    expect(withoutSeals(params)).toEqual({
      pin: '[sealed]',
      list: ['[sealed]', 1],
      sealed: 'a text',
      other: 2,
    });
  });

  it('comes to an end', () => {
    let deep: unknown = 'x';
    for (let level = 0; level < 10_000; level += 1) deep = [deep];
    expect(JSON.stringify(withoutSeals(deep))).toContain('[too deep]');
  });
});

describe('isIncomplete', () => {
  it.each([
    [{ a: '[redacted]' }, true],
    [{ a: 'Bearer [redacted]' }, true],
    [{ a: [{ b: '[sealed]' }] }, true],
    [{ a: { sealed: 'x' } }, true],
    [{ a: '[12 bytes]' }, true],
    [{ a: 'a long te… (cut)' }, true],
    [{ a: 'plain', b: 1, c: null, d: ['x'] }, false],
  ])('%j: %s', (params, expected) => {
    expect(isIncomplete(params)).toBe(expected);
  });
});
