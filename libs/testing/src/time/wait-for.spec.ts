import { describe, expect, it } from 'vitest';
import { FixedClock } from './fixed-clock.ts';
import { waitFor } from './wait-for.ts';

describe('waitFor', () => {
  it('resolves with the first truthy value', async () => {
    let tries = 0;
    expect(await waitFor(() => (++tries === 3 ? `after ${tries}` : undefined), { intervalMs: 1 })).toBe(
      'after 3',
    );
  });

  it('reports the last value', async () => {
    const waiting = waitFor(() => 0, { timeoutMs: 30, intervalMs: 5, message: 'a row' });
    await expect(waiting).rejects.toThrow('Waited 30 ms for a row; last value: 0');
  });

  it('takes an error for "not yet" and reports the last one', async () => {
    const waiting = waitFor(() => Promise.reject(new Error('refused')), { timeoutMs: 30, intervalMs: 5 });
    await expect(waiting).rejects.toThrow('last error: refused');
  });

  it('ends even when a try never does', async () => {
    await expect(waitFor(() => new Promise(() => {}), { timeoutMs: 30 })).rejects.toThrow(
      'never tried to the end',
    );
  });
});

describe('FixedClock', () => {
  it('moves only when told to', () => {
    const clock = new FixedClock('2026-01-01T00:00:00.000Z');
    const { now } = clock;
    clock.advance(1_500);
    expect(now().toISOString()).toBe('2026-01-01T00:00:01.500Z');
    clock.set('2027-01-01T00:00:00.000Z');
    expect(clock.nowMs()).toBe(Date.UTC(2027, 0, 1));
  });
});
