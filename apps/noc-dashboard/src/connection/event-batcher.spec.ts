import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { EventBatcher } from './event-batcher.ts';

describe('EventBatcher', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('hands the first item on at once and gathers the rest, in order', () => {
    const batches: (readonly number[])[] = [];
    const batcher = new EventBatcher<number>((items) => batches.push(items), 100);
    batcher.add(1);
    expect(batches).toEqual([[1]]);
    batcher.add(2);
    batcher.add(3);
    vi.advanceTimersByTime(99);
    expect(batches).toHaveLength(1);
    vi.advanceTimersByTime(1);
    expect(batches).toEqual([[1], [2, 3]]);
  });

  it('does not depend on its timer when the last batch is old enough', () => {
    let now = 0;
    const batches: (readonly number[])[] = [];
    const batcher = new EventBatcher<number>(
      (items) => batches.push(items),
      100,
      () => now,
    );
    batcher.add(1);
    batcher.add(2);
    now = 150;
    batcher.add(3);
    expect(batches).toEqual([[1], [2, 3]]);
    vi.runAllTimers();
    expect(batches).toHaveLength(2);
  });

  it('hands on what waits when asked', () => {
    const batches: (readonly number[])[] = [];
    const batcher = new EventBatcher<number>((items) => batches.push(items), 100);
    batcher.add(1);
    batcher.add(2);
    batcher.flush();
    batcher.flush();
    expect(batches).toEqual([[1], [2]]);
  });
});
