import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Coalescer } from './coalescer.ts';

type Step =
  | { readonly do: 'submit'; readonly count: number }
  | { readonly do: 'succeed' | 'fail'; readonly flush: number }
  | { readonly do: 'drain' };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant('submit' as const), count: fc.integer({ min: 1, max: 6 }) }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('succeed' as const), flush: fc.nat(5) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('fail' as const), flush: fc.nat(5) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('drain' as const) }) },
);

interface RunningFlush {
  readonly items: number[];
  readonly resolve: (results: string[]) => void;
  readonly reject: (error: Error) => void;
}

/** Lets all promise reactions that are due run. */
const settle = () => new Promise<void>((resolve) => setImmediate(resolve));

describe('Coalescer, whatever happens in whatever order', () => {
  it('keeps order, limits and every promise', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { maxLength: 40 }),
        fc.integer({ min: 1, max: 4 }),
        fc.integer({ min: 1, max: 3 }),
        async (steps, maxBatch, maxInFlight) => {
          const running: RunningFlush[] = [];
          const flushed: number[] = [];
          const failedItems = new Set<number>();
          const outcomes = new Map<number, string>();
          const drains: Promise<void>[] = [];
          let submitted = 0;

          const coalescer = new Coalescer<number, string>(
            (items) => {
              expect(items.length).toBeGreaterThan(0);
              expect(items.length).toBeLessThanOrEqual(maxBatch);
              flushed.push(...items);
              return new Promise((resolve, reject) => {
                running.push({ items, resolve, reject });
                expect(running.length).toBeLessThanOrEqual(maxInFlight);
              });
            },
            { maxBatch, maxInFlight },
          );

          const finish = async (index: number, isSuccess: boolean) => {
            const [flush] = running.splice(index % running.length, 1);
            if (!flush) return;
            if (isSuccess) flush.resolve(flush.items.map((item) => `r${item}`));
            else {
              for (const item of flush.items) failedItems.add(item);
              flush.reject(new Error('failed'));
            }
            await settle();
          };

          for (const current of steps) {
            if (current.do === 'submit') {
              for (let n = 0; n < current.count; n++) {
                const item = submitted++;
                coalescer.submit(item).then(
                  (result) => outcomes.set(item, result),
                  (error: Error) => outcomes.set(item, error.message),
                );
              }
            } else if (current.do === 'drain') {
              drains.push(coalescer.drain());
            } else if (running.length > 0) {
              await finish(current.flush, current.do === 'succeed');
            }
            const inFlight = running.reduce((sum, { items }) => sum + items.length, 0);
            expect(coalescer.pending).toBe(submitted - outcomes.size);
            // Nothing waits while a flush could start.
            expect(running.length === maxInFlight || coalescer.pending === inFlight).toBe(true);
          }

          while (running.length > 0) await finish(0, true);
          await Promise.all([...drains, coalescer.drain()]);
          expect(flushed).toEqual([...Array(submitted).keys()]);
          for (let item = 0; item < submitted; item++) {
            expect(outcomes.get(item)).toBe(failedItems.has(item) ? 'failed' : `r${item}`);
          }
        },
      ),
      { numRuns: 300 },
    );
  });
});
