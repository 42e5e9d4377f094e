import { describe, expect, it } from 'vitest';
import { toBullPriority } from './job-priority.ts';

describe('toBullPriority', () => {
  it('turns the scale around and never gives the number that overtakes everything', () => {
    const mapped = Array.from({ length: 11 }, (_, priority) => toBullPriority(priority));
    expect(mapped).toEqual([11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1]);
  });

  it.each([-1, 11, 2.5, Number.NaN])('refuses %s', (priority) => {
    expect(() => toBullPriority(priority)).toThrow(RangeError);
  });
});
