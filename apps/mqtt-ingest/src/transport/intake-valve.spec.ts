import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { IntakeValve } from './intake-valve.ts';

const keepAlive = vi.fn<() => void>();
let isFull = false;
let valve: IntakeValve;

beforeEach(() => {
  vi.useFakeTimers();
  keepAlive.mockReset();
  isFull = false;
  valve = new IntakeValve({ isFull: () => isFull, keepAlive, keepAliveMs: 1_000 });
});
afterEach(() => void vi.useRealTimers());

describe('IntakeValve', () => {
  it('asks for the next packet at once while there is room', () => {
    const ask = vi.fn<() => void>();
    valve.next(ask);
    expect(ask).toHaveBeenCalledOnce();
  });

  it('does not ask while memory is full, keeps the connection alive, and asks once when there is room', () => {
    const ask = vi.fn<() => void>();
    isFull = true;
    valve.next(ask);
    vi.advanceTimersByTime(3_000);
    valve.update();
    expect(ask).not.toHaveBeenCalled();
    expect(keepAlive).toHaveBeenCalledTimes(3);

    isFull = false;
    valve.update();
    valve.update();
    vi.advanceTimersByTime(3_000);
    expect(ask).toHaveBeenCalledOnce();
    expect(keepAlive).toHaveBeenCalledTimes(3);
  });

  it('lets go of a connection that has ended', () => {
    const ask = vi.fn<() => void>();
    isFull = true;
    valve.next(ask);
    valve.reset();
    vi.advanceTimersByTime(3_000);
    expect(ask).toHaveBeenCalledOnce();
    expect(keepAlive).not.toHaveBeenCalled();
  });
});
