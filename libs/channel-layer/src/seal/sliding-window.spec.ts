import { describe, expect, it } from 'vitest';
import { SeededRandom } from '../fixtures/random.fixture.ts';
import { SlidingWindow } from './sliding-window.ts';

describe('SlidingWindow', () => {
  it('takes counters in order, each once', () => {
    const window = new SlidingWindow(64);
    for (let counter = 1; counter <= 500; counter += 1) {
      expect(window.accept(counter)).toBe(true);
      expect(window.accept(counter)).toBe(false);
    }
  });

  it('takes late counters within the window and refuses older ones', () => {
    const window = new SlidingWindow(128);
    expect(window.accept(1_000)).toBe(true);
    expect(window.accept(1_000 - 96)).toBe(true);
    expect(window.accept(1_000 - 96)).toBe(false);
    expect(window.accept(1_000 - 200)).toBe(false);
  });

  it('forgets nothing across a jump that empties the window', () => {
    const window = new SlidingWindow(64);
    expect(window.accept(10)).toBe(true);
    expect(window.accept(10 + 64 * 5)).toBe(true);
    expect(window.accept(10)).toBe(false);
    expect(window.accept(10 + 64 * 5)).toBe(false);
    expect(window.accept(10 + 64 * 5 - 1)).toBe(true);
  });

  it('works far beyond 32 bits', () => {
    const window = new SlidingWindow(64);
    const far = 2 ** 40;
    expect([window.accept(far), window.accept(far + 1), window.accept(far), window.accept(far - 1)]).toEqual([
      true,
      true,
      false,
      true,
    ]);
  });

  it.each([1, 2, 3, 4, 5, 6, 7, 8])(
    'never takes a counter twice and never refuses a new one within the window (seed %i)',
    (seed) => {
      const random = new SeededRandom(seed);
      const bits = 32 * (2 + random.below(6));
      const window = new SlidingWindow(bits);
      const taken = new Set<number>();
      const wrong: string[] = [];
      let highest = 0;
      for (let step = 0; step < 5_000; step += 1) {
        const jump = random.chance(0.02) ? random.below(bits * 3) : random.below(bits + 64) - bits;
        const counter = Math.max(1, highest + jump);
        const accepted = window.accept(counter);
        if (accepted && taken.has(counter)) wrong.push(`${counter} twice`);
        if (!accepted && !taken.has(counter) && counter > highest - (bits - 32))
          wrong.push(`${counter} never`);
        if (accepted) taken.add(counter);
        highest = Math.max(highest, counter);
      }
      expect(wrong).toEqual([]);
    },
  );

  it('refuses sizes it cannot keep', () => {
    expect(() => new SlidingWindow(32)).toThrow(RangeError);
    expect(() => new SlidingWindow(100)).toThrow(RangeError);
  });
});
