import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { StartOrder } from './start-order.ts';

describe('StartOrder', () => {
  let order: StartOrder;
  let started: string[];
  const begin = (jobId: string) => void order.inTurn(jobId, () => Promise.resolve(started.push(jobId)));

  beforeEach(() => {
    vi.useFakeTimers();
    order = new StartOrder();
    started = [];
  });
  afterEach(() => void vi.useRealTimers());

  it('lets a job that overtook another wait for its turn', () => {
    ['a', 'b', 'c'].forEach((id) => order.handedOut(id));
    begin('c');
    begin('b');
    expect(started).toEqual([]);
    begin('a');
    expect(started).toEqual(['a', 'b', 'c']);
  });

  it('waits for a job on its way, also in a process that is starved', async () => {
    ['slow', 'b'].forEach((id) => order.handedOut(id));
    begin('b');
    await vi.advanceTimersByTimeAsync(2_000);
    expect(started).toEqual([]);
    begin('slow');
    expect(started).toEqual(['slow', 'b']);
  });

  it('does not wait for a job that is known not to start, however many were before it', () => {
    ['a', 'held back', 'c', 'd'].forEach((id) => order.handedOut(id));
    begin('c');
    order.passOver('held back');
    expect(started).toEqual([]);
    begin('a');
    expect(started).toEqual(['a', 'c']);
    begin('held back');
    begin('d');
    expect(started).toEqual(['a', 'c', 'held back', 'd']);
  });

  it('does not wait for the first hand-out of a job that was handed out again', () => {
    ['twice', 'b', 'twice', 'd'].forEach((id) => order.handedOut(id));
    begin('b');
    begin('d');
    expect(started).toEqual(['b']);
    begin('twice');
    expect(started).toEqual(['b', 'twice', 'd']);
  });

  it('does not wait for ever for a job that was lost on the way', async () => {
    ['lost', 'b', 'c'].forEach((id) => order.handedOut(id));
    begin('b');
    begin('c');
    await vi.runAllTimersAsync();
    expect(started).toEqual(['b', 'c']);
    begin('lost');
    expect(started).toEqual(['b', 'c', 'lost']);
  });

  it('starts a job it never heard of at once', () => {
    begin('stranger');
    expect(started).toEqual(['stranger']);
  });

  it('leaves no timer behind when everything has started', () => {
    ['a', 'b'].forEach((id) => order.handedOut(id));
    begin('b');
    begin('a');
    expect(vi.getTimerCount()).toBe(0);
  });

  it('passes on how a job ends', async () => {
    order.handedOut('a');
    await expect(order.inTurn('a', () => Promise.reject(new Error('broken')))).rejects.toThrow('broken');
  });
});
