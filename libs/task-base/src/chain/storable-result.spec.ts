import { describe, expect, it } from 'vitest';
import { MAX_RESULT_BYTES, storableResult } from './storable-result.ts';

const RUN = { taskName: 'spec', jobId: 'spec-1' };
const stored = (result: unknown) => storableResult(RUN, result);

class Report {
  readonly rows = new Map([['a', new Set([1, 2])]]);
  readonly #hidden = 'x';
  get computed(): string {
    return this.#hidden;
  }
}

describe('storableResult', () => {
  it.each([
    ['nothing', undefined, null],
    ['a number', 5, 5],
    ['NaN, as JSON has it', NaN, null],
    ['a number beyond JSON', 2n ** 70n, '1180591620717411303424'],
    ['a function', () => 1, null],
    ['a class instance', new Report(), { rows: { a: [1, 2] } }],
    ['an error', new RangeError('too far'), { name: 'RangeError', message: 'too far' }],
    ['a date', new Date(0), '1970-01-01T00:00:00.000Z'],
    ['binary data', Buffer.from('abc'), '[3 bytes]'],
    ['text no store takes', 'a\0b\ud800', 'a\u2400b\ufffd'],
  ])('keeps %s', (_what, result, expected) => {
    expect(stored(result)).toEqual(expected);
    expect(stored(stored(result))).toEqual(expected);
  });

  it('survives circles, depth and what throws when it is looked at', () => {
    const circle: Record<string, unknown> = {};
    circle['self'] = circle;
    expect(stored(circle)).toEqual({ self: '[circular]' });
    let deep: unknown = 1;
    for (let level = 0; level < 10_000; level += 1) deep = [deep];
    expect(JSON.stringify(stored(deep))).toContain('[too deep]');
    const trap = new Proxy(
      {},
      {
        ownKeys: () => {
          throw new Error('no');
        },
      },
    );
    expect(stored({ trap })).toEqual({ trap: '[unreadable]' });
  });

  it('redacts what `toJSON` makes of itself, also on an error', () => {
    const error = Object.assign(new Error('x'), { toJSON: () => ({ password: 'canary' }) });
    const disguised = { toJSON: () => ({ toJSON: 1, nested: { email: 'canary' } }) };
    expect(JSON.stringify(stored({ error, disguised }))).not.toContain('canary');
  });

  it('replaces what is too large by a note of its size', () => {
    expect(stored('x'.repeat(MAX_RESULT_BYTES - 2))).toHaveLength(MAX_RESULT_BYTES - 2);
    expect(stored(['x'.repeat(MAX_RESULT_BYTES)])).toEqual({
      result_omitted: true,
      bytes: MAX_RESULT_BYTES + 4,
      max_bytes: MAX_RESULT_BYTES,
    });
  });
});
