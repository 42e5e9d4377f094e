import { describe, expect, it } from 'vitest';
import { whenSettled } from './when-settled.ts';

describe('whenSettled', () => {
  it('calls once the work has ended, well or not, and settles as the work does', async () => {
    let ends = 0;
    const count = (): void => void (ends += 1);
    expect(await whenSettled(Promise.resolve('done'), count)).toBe('done');
    await expect(whenSettled(Promise.reject(new Error('no')), count)).rejects.toThrow('no');
    expect(ends).toBe(2);
  });
});
