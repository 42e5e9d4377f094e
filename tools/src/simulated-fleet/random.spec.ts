import { describe, expect, it } from 'vitest';
import { Random } from './random.ts';

function draw<T>(count: number, one: () => T): T[] {
  return Array.from({ length: count }, one);
}

describe('Random', () => {
  it('gives the same sequence for the same seed, another one for another', () => {
    const [one, same, other] = ['seed', 'seed', 'another'].map((seed) => {
      const random = new Random(seed);
      return draw(50, () => random.next());
    });
    expect(one).toEqual(same);
    expect(one).not.toEqual(other);
  });

  it('stays between 0 and 1 and reaches both ends', () => {
    const random = new Random(7);
    const values = draw(10_000, () => random.next());
    expect(Math.min(...values)).toBeGreaterThanOrEqual(0);
    expect(Math.min(...values)).toBeLessThan(0.01);
    expect(Math.max(...values)).toBeLessThan(1);
    expect(Math.max(...values)).toBeGreaterThan(0.99);
  });

  it('picks by weight', () => {
    const random = new Random(7);
    const choices = [
      { weight: 3, value: 'often' },
      { weight: 1, value: 'seldom' },
      { weight: 0, value: 'never' },
    ];
    const picked = draw(4_000, () => random.pickWeighted(choices));
    expect(picked).not.toContain('never');
    expect(picked.filter((value) => value === 'often').length / picked.length).toBeCloseTo(0.75, 1);
  });

  it('waits the mean time on average, and never for ever', () => {
    const random = new Random(7);
    const waits = draw(10_000, () => random.untilNext(10));
    expect(waits.reduce((sum, wait) => sum + wait, 0) / waits.length).toBeCloseTo(9.8, 0);
    expect(Math.max(...waits)).toBeLessThanOrEqual(40);
  });

  it('refuses to pick from nothing', () => {
    expect(() => new Random(1).pick([])).toThrow(RangeError);
    expect(() => new Random(1).pickWeighted([])).toThrow(RangeError);
  });
});
