import { describe, expect, it } from 'vitest';
import { SourceAllowance } from './source-allowance.ts';

describe('SourceAllowance', () => {
  it('allows a burst, then one per refill time, and tells how many were held back', () => {
    let now = 0;
    const allowance = new SourceAllowance({ burst: 2, refillMs: 1_000, now: () => now });
    const take = (): number | null => allowance.take('s-1');
    expect([take(), take(), take(), take()]).toEqual([0, 0, null, null]);
    now = 1_000;
    expect([take(), take()]).toEqual([2, null]);
    now = 60_000;
    expect([take(), take(), take()]).toEqual([1, 0, null]);
  });

  it('keeps sources apart', () => {
    const allowance = new SourceAllowance({ burst: 1, refillMs: 1_000, now: () => 0 });
    expect([allowance.take('a'), allowance.take('a'), allowance.take('b')]).toEqual([0, null, 0]);
  });

  it('remembers a bounded number of sources, those heard of latest', () => {
    const allowance = new SourceAllowance({ burst: 1, refillMs: 1_000, maxSources: 2, now: () => 0 });
    for (const source of ['a', 'b', 'a', 'c']) allowance.take(source);
    expect(allowance.take('a')).toBeNull();
    expect(allowance.take('b')).toBe(0);
  });
});
