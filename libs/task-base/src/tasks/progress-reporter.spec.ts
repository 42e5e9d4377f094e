import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ProgressReporter } from './progress-reporter.ts';
import type { ProgressStep } from './progress-reporter.ts';

const step = (percent: number): ProgressStep => ({ percent, message: `step ${percent}` });

describe('ProgressReporter', () => {
  let told: number[];
  let reporter: ProgressReporter;

  beforeEach(() => {
    vi.useFakeTimers();
    told = [];
    reporter = new ProgressReporter(({ percent }) => {
      told.push(percent);
      return Promise.resolve();
    });
  });
  afterEach(() => void vi.useRealTimers());

  it('tells the first step at once and then the newest one twice a second', async () => {
    for (let percent = 1; percent <= 50; percent += 1) reporter.report(step(percent));
    expect(told).toEqual([1]);
    await vi.advanceTimersByTimeAsync(499);
    expect(told).toEqual([1]);
    await vi.advanceTimersByTimeAsync(1);
    expect(told).toEqual([1, 50]);
  });

  it('tells a step after a quiet time at once', async () => {
    reporter.report(step(1));
    await vi.advanceTimersByTimeAsync(10_000);
    reporter.report(step(2));
    expect(told).toEqual([1, 2]);
  });

  it('tells the last step when it is closed, and nothing after it', async () => {
    for (const percent of [1, 2, 3]) reporter.report(step(percent));
    await reporter.close();
    reporter.report(step(4));
    await vi.advanceTimersByTimeAsync(10_000);
    expect(told).toEqual([1, 3]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('goes on after a step that could not be told', async () => {
    const tell = vi.fn<(step: ProgressStep) => Promise<void>>().mockRejectedValueOnce(new Error('away'));
    tell.mockResolvedValue(undefined);
    reporter = new ProgressReporter(tell);
    reporter.report(step(1));
    reporter.report(step(2));
    await reporter.close();
    expect(tell.mock.calls.map(([{ percent }]) => percent)).toEqual([1, 2]);
  });

  it('waits for a slow listener instead of piling up steps', async () => {
    const answers: (() => void)[] = [];
    reporter = new ProgressReporter(({ percent }) => {
      told.push(percent);
      return new Promise<void>((resolve) => answers.push(resolve));
    });
    for (const percent of [1, 2, 3]) reporter.report(step(percent));
    await vi.advanceTimersByTimeAsync(60_000);
    expect(told).toEqual([1]);
    answers[0]?.();
    await vi.advanceTimersByTimeAsync(500);
    expect(told).toEqual([1, 3]);
  });
});
