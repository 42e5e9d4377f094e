import { describe, expect, it } from 'vitest';
import { clampPercent, taskProgressData } from './task-progress.ts';

describe('task progress', () => {
  it.each([
    [-1, 0],
    [0, 0],
    [42.5, 42.5],
    [100, 100],
    [101, 100],
    [Number.NaN, 0],
    [Number.POSITIVE_INFINITY, 100],
    [Number.NEGATIVE_INFINITY, 0],
  ])('clamps %d to %d', (value, expected) => {
    expect(clampPercent(value)).toBe(expected);
  });

  it('fills in what was left out', () => {
    expect(taskProgressData({ userId: 1, taskName: 'train_model', progress: 5 })).toEqual({
      task_name: 'train_model',
      task_id: null,
      progress: 5,
      status: 'running',
      message: null,
    });
  });
});
