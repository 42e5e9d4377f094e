import { describe, expect, it, vi } from 'vitest';
import { RepeatedWarning } from './repeated-warning.ts';

describe('RepeatedWarning', () => {
  it('warns at once, then at most every five seconds, and tells how many it held back', () => {
    let now = 0;
    const warn = vi.fn<(message: string, fields?: unknown) => void>();
    const warning = new RepeatedWarning({ warn }, () => now);
    const error = Object.assign(new Error('refused'), { code: 'ECONNREFUSED' });
    for (now = 0; now < 5_000; now += 1_000) warning.warn('Redis failed', error);
    expect(warn.mock.calls).toEqual([['Redis failed', { reason: 'refused', code: 'ECONNREFUSED' }]]);
    warning.warn('Redis failed', error);
    expect(warn).toHaveBeenLastCalledWith('Redis failed', {
      reason: 'refused',
      code: 'ECONNREFUSED',
      held_back: 4,
    });
    now += 5_000;
    warning.warn('Redis failed');
    expect(warn).toHaveBeenLastCalledWith('Redis failed', {});
  });
});
