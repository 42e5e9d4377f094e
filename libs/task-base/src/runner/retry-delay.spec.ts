import { describe, expect, it } from 'vitest';
import { retryDelayMs } from './retry-delay.ts';

const policy = { retries: 6, backoffMs: 60_000, maxBackoffMs: 600_000 };
const longest = (failures: number) => retryDelayMs(policy, failures, () => 1);

describe('retryDelayMs', () => {
  it('doubles from the first wait to the longest and stays there', () => {
    expect([1, 2, 3, 4, 5, 6].map(longest)).toEqual([60_000, 120_000, 240_000, 480_000, 600_000, 600_000]);
  });

  it('takes at least half of the full wait', () => {
    expect(retryDelayMs(policy, 2, () => 0)).toBe(60_000);
  });

  it('spreads jobs that failed together', () => {
    const waits = new Set(Array.from({ length: 50 }, () => retryDelayMs(policy, 1)));
    expect(waits.size).toBeGreaterThan(40);
  });
});
