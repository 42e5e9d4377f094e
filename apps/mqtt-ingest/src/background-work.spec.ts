import { describe, expect, it } from 'vitest';
import { BackgroundWork } from './background-work.ts';

describe('BackgroundWork', () => {
  it('runs a bounded number at a time, keeps a bounded number waiting, and refuses the rest', async () => {
    const work = new BackgroundWork(2, 1);
    const finish: (() => void)[] = [];
    const started: number[] = [];
    const begin = (id: number): boolean =>
      work.start(() => {
        started.push(id);
        return new Promise((resolve) => finish.push(resolve));
      });
    expect([1, 2, 3, 4].map(begin)).toEqual([true, true, true, false]);
    expect(started).toEqual([1, 2]);
    const drained = work.drain(60_000);
    finish.shift()?.();
    await Promise.resolve().then(() => undefined);
    while (finish.length > 0) {
      finish.shift()?.();
      await new Promise((resolve) => setImmediate(resolve));
    }
    await drained;
    expect(started).toEqual([1, 2, 3]);
    expect(begin(5)).toBe(true);
  });

  it('does not wait longer than it is told for what does not end', async () => {
    const work = new BackgroundWork(1, 0);
    work.start(() => new Promise(() => undefined));
    expect(work.hasRoom).toBe(false);
    await work.drain(1);
  });
});
