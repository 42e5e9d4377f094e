import { describe, expect, it } from 'vitest';
import { canonicalJson } from './canonical-json.ts';

describe('canonicalJson', () => {
  it.each([
    ['the order of fields', { b: 1, a: { d: 2, c: 3 } }, { a: { c: 3, d: 2 }, b: 1 }],
    ['fields that are undefined', { a: 1, b: undefined }, { a: 1 }],
    ['how a number was written', [1.0, 1e3, -0, 0.1 + 0.2], [1, 1_000, 0, 0.30000000000000004]],
    ['dates and their text', { at: new Date(0) }, { at: '1970-01-01T00:00:00.000Z' }],
    ['undefined in lists and null', [undefined, 1], [null, 1]],
  ])('does not tell apart %s', (_what, one, other) => {
    expect(canonicalJson(one)).toBe(canonicalJson(other));
  });

  it.each([
    ['text and number', { a: '1' }, { a: 1 }],
    ['null and missing', { a: null }, {}],
    ['lists in another order', [1, 2], [2, 1]],
    ['list and object', { 0: 'a' }, ['a']],
    ['composed and decomposed text', 'é', 'e\u0301'],
    ['text that would close a field', { a: '1","b":"2' }, { a: '1', b: '2' }],
  ])('tells apart %s', (_what, one, other) => {
    expect(canonicalJson(one)).not.toBe(canonicalJson(other));
  });

  it('writes the example of RFC 8785', () => {
    const example = {
      numbers: [333333333.3333333, 1e30, 4.5, 2e-3, 0.000000000000000000000000001],
      string: '\u20ac$\u000F\u000aA\'\u0042\u0022\u005c\\"/',
      literals: [null, true, false],
    };
    expect(canonicalJson(example)).toBe(
      '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],' +
        '"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}',
    );
  });

  it('sorts by UTF-16 code units, as RFC 8785 does', () => {
    const names = ['\u20ac', '\r', '\ufb33', '1', '\u{1f600}', '\u0080', '\u00f6'];
    const sorted = JSON.parse(canonicalJson(Object.fromEntries(names.map((name) => [name, 0])))) as object;
    expect(Object.keys(sorted)).toEqual(['1', '\r', '\u0080', '\u00f6', '\u20ac', '\u{1f600}', '\ufb33']);
  });
});
