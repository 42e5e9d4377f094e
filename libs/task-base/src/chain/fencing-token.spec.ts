import { redact } from '@bus/observability';
import { describe, expect, it } from 'vitest';
import { fencingTokenOf } from './fencing-token.ts';

describe('fencingTokenOf', () => {
  it('rises with each start and with each new request, also when the starts are counted anew', () => {
    const tokens = [
      fencingTokenOf({ timestamp: 1_800_000_000_000, attemptsStarted: 1 }),
      fencingTokenOf({ timestamp: 1_800_000_000_000, attemptsStarted: 2 }),
      fencingTokenOf({ timestamp: 1_800_000_000_000, attemptsStarted: 40 }),
      fencingTokenOf({ timestamp: 1_800_000_000_001, attemptsStarted: 1 }),
    ];
    expect(tokens).toEqual(tokens.toSorted((a, b) => a - b));
    expect(new Set(tokens).size).toBe(4);
    expect(tokens.every(Number.isSafeInteger)).toBe(true);
  });

  it('never looks like the number of a payment card, which would be redacted', () => {
    const starts = Array.from({ length: 100 }, (_, index) =>
      fencingTokenOf({ timestamp: 1_800_000_000_000, attemptsStarted: index }),
    );
    expect(redact(starts)).toEqual(starts);
  });

  it('does without a time', () => {
    expect(fencingTokenOf({ timestamp: Number.NaN, attemptsStarted: 3 })).toBe(3);
  });
});
