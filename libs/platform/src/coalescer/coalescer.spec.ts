import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { isCoalescerFullError } from './coalescer.errors.ts';
import { Coalescer, type CoalescerOptions } from './coalescer.ts';

/** A coalescer whose flushes end when the test says so. */
function controlled(options: CoalescerOptions) {
  const flushes: { items: number[]; succeed: () => void; fail: (error: Error) => void }[] = [];
  const coalescer = new Coalescer<number, string>(
    (items) =>
      new Promise((resolve, reject) => {
        flushes.push({ items, succeed: () => resolve(items.map((item) => `r${item}`)), fail: reject });
      }),
    options,
  );
  return { coalescer, flushes, batches: () => flushes.map(({ items }) => items) };
}

describe('Coalescer', () => {
  it('passes the first item on at once and collects the rest until that flush ends', async () => {
    const { coalescer, flushes, batches } = controlled({ maxBatch: 10 });
    const results = [1, 2, 3].map((item) => coalescer.submit(item));
    expect(batches()).toEqual([[1]]);
    expect(coalescer.pending).toBe(3);
    flushes[0]?.succeed();
    await expect(results[0]).resolves.toBe('r1');
    expect(batches()).toEqual([[1], [2, 3]]);
    flushes[1]?.succeed();
    await expect(Promise.all(results)).resolves.toEqual(['r1', 'r2', 'r3']);
    expect(coalescer.pending).toBe(0);
  });

  it('keeps to maxBatch and maxInFlight, in the order of submission', async () => {
    const { coalescer, flushes, batches } = controlled({ maxBatch: 2, maxInFlight: 2 });
    const results = [1, 2, 3, 4, 5, 6, 7].map((item) => coalescer.submit(item));
    expect(batches()).toEqual([[1], [2]]);
    flushes[1]?.succeed();
    await results[1];
    expect(batches()).toEqual([[1], [2], [3, 4]]);
    flushes[0]?.succeed();
    await results[0];
    expect(batches()).toEqual([[1], [2], [3, 4], [5, 6]]);
  });

  it('rejects every item of a failed batch with its error, and carries on', async () => {
    const { coalescer, flushes } = controlled({ maxBatch: 10 });
    const results = [1, 2, 3].map((item) => coalescer.submit(item));
    flushes[0]?.succeed();
    await results[0];
    flushes[1]?.fail(new Error('Redis is away'));
    await expect(results[1]).rejects.toThrow('Redis is away');
    await expect(results[2]).rejects.toThrow('Redis is away');
    const next = coalescer.submit(4);
    flushes[2]?.succeed();
    await expect(next).resolves.toBe('r4');
  });

  it('treats a flush that throws before it returns a promise like one that rejects', async () => {
    const coalescer = new Coalescer<number, number>(
      () => {
        throw new Error('at once');
      },
      { maxBatch: 1 },
    );
    await expect(coalescer.submit(1)).rejects.toThrow('at once');
    expect(coalescer.pending).toBe(0);
  });

  it.each([[[]], [['one', 'two']]])('refuses results %j for one item', async (results) => {
    const coalescer = new Coalescer<number, string>(async () => results, { maxBatch: 5 });
    await expect(coalescer.submit(1)).rejects.toThrow(`returned ${results.length} results for 1 items`);
  });

  it('takes items submitted from inside a flush or after its result', async () => {
    const seen: number[][] = [];
    const coalescer: Coalescer<number, number> = new Coalescer(
      async (items) => {
        seen.push(items);
        if (items.includes(1)) void coalescer.submit(2);
        return items;
      },
      { maxBatch: 5 },
    );
    await coalescer.submit(1).then(() => coalescer.submit(3));
    await coalescer.drain();
    expect(seen.flat()).toEqual([1, 2, 3]);
  });

  it('refuses more than maxPending waiting items, and takes them again later', async () => {
    const { coalescer, flushes } = controlled({ maxBatch: 10, maxPending: 2 });
    const accepted = [1, 2, 3].map((item) => coalescer.submit(item));
    await expect(coalescer.submit(4)).rejects.toSatisfy(isCoalescerFullError);
    flushes[0]?.succeed();
    await accepted[0];
    const late = coalescer.submit(5);
    flushes[1]?.succeed();
    await expect(accepted[2]).resolves.toBe('r3');
    flushes[2]?.succeed();
    await expect(late).resolves.toBe('r5');
  });

  it.each([
    { maxBatch: 0 },
    { maxBatch: 1, maxInFlight: 0 },
    { maxBatch: 1, maxWaitMs: -1 },
    { maxBatch: NaN },
  ])('refuses the options %j', (options) => {
    expect(() => new Coalescer(async () => [], options)).toThrow(RangeError);
  });

  describe('drain', () => {
    it('resolves at once when nothing is pending', async () => {
      await expect(controlled({ maxBatch: 1 }).coalescer.drain()).resolves.toBeUndefined();
    });

    it('waits for everything pending, also what failed and what came meanwhile', async () => {
      const { coalescer, flushes } = controlled({ maxBatch: 1 });
      const failed = coalescer.submit(1);
      let isDrained = false;
      const drained = coalescer.drain().then(() => (isDrained = true));
      const second = coalescer.submit(2);
      flushes[0]?.fail(new Error('no'));
      await expect(failed).rejects.toThrow('no');
      expect(isDrained).toBe(false);
      flushes[1]?.succeed();
      await drained;
      await expect(second).resolves.toBe('r2');
    });
  });

  describe('with maxWaitMs', () => {
    beforeEach(() => vi.useFakeTimers());
    afterEach(() => vi.useRealTimers());

    it('lets an incomplete batch wait for company, counted from its first item', () => {
      const { coalescer, batches } = controlled({ maxBatch: 10, maxWaitMs: 50 });
      void coalescer.submit(1);
      vi.advanceTimersByTime(30);
      void coalescer.submit(2);
      vi.advanceTimersByTime(19);
      expect(batches()).toEqual([]);
      vi.advanceTimersByTime(1);
      expect(batches()).toEqual([[1, 2]]);
    });

    it('does not wait with a full batch', () => {
      const { coalescer, batches } = controlled({ maxBatch: 2, maxWaitMs: 50 });
      void coalescer.submit(1);
      void coalescer.submit(2);
      expect(batches()).toEqual([[1, 2]]);
    });

    it('does not wait again after a flush held the items back for as long', async () => {
      const { coalescer, flushes, batches } = controlled({ maxBatch: 2, maxWaitMs: 50 });
      const first = [coalescer.submit(1), coalescer.submit(2)];
      void coalescer.submit(3);
      vi.advanceTimersByTime(60);
      expect(batches()).toEqual([[1, 2]]);
      flushes[0]?.succeed();
      await Promise.all(first);
      expect(batches()).toEqual([[1, 2], [3]]);
    });

    it('does not wait while draining, and waits again afterwards', async () => {
      const { coalescer, flushes, batches } = controlled({ maxBatch: 10, maxWaitMs: 50 });
      void coalescer.submit(1);
      const drained = coalescer.drain();
      expect(batches()).toEqual([[1]]);
      flushes[0]?.succeed();
      await drained;
      void coalescer.submit(2);
      expect(batches()).toEqual([[1]]);
      vi.advanceTimersByTime(50);
      expect(batches()).toEqual([[1], [2]]);
    });
  });
});
