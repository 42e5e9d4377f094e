import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { isoNow } from './iso-now.ts';

describe('isoNow', () => {
  beforeEach(() => void vi.useFakeTimers({ now: Date.UTC(2026, 0, 1) }));
  afterEach(() => void vi.useRealTimers());

  it('follows the clock, whichever way it goes', () => {
    expect([isoNow(), isoNow()]).toEqual(['2026-01-01T00:00:00.000Z', '2026-01-01T00:00:00.000Z']);
    vi.setSystemTime(Date.UTC(2026, 0, 1) + 1);
    expect(isoNow()).toBe('2026-01-01T00:00:00.001Z');
    vi.setSystemTime(Date.UTC(2025, 0, 1));
    expect(isoNow()).toBe('2025-01-01T00:00:00.000Z');
  });
});
