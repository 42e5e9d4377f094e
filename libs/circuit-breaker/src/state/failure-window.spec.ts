import { describe, expect, it } from 'vitest';
import { FailureWindow } from './failure-window.ts';

describe('FailureWindow', () => {
  it('says open at the threshold within the window', () => {
    const window = new FailureWindow(3, 100);
    expect([0, 50, 99].map((at) => window.failed(at))).toEqual([false, false, true]);
  });

  it('slides: the oldest failure leaves when the window has passed it', () => {
    const window = new FailureWindow(3, 100);
    expect([0, 60, 100, 159].map((at) => window.failed(at))).toEqual([false, false, false, true]);
  });

  it('tells the ages of what still counts, and forgets on demand', () => {
    const window = new FailureWindow(3, 100);
    window.failed(0);
    window.failed(60);
    expect(window.agesMs(110)).toEqual([50]);
    window.clear();
    expect(window.agesMs(110)).toEqual([]);
  });

  it('keeps no more failures than can matter', () => {
    const window = new FailureWindow(2, 1_000);
    for (let at = 0; at < 500; at += 1) window.failed(at);
    expect(window.agesMs(500)).toHaveLength(2);
  });
});
