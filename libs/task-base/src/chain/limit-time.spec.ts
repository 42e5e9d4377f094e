import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { taskRun } from '../fixtures/task-run.fixture.ts';
import { testTask } from '../fixtures/test-tasks.fixture.ts';
import { TaskHardTimeLimitError, TaskSoftTimeLimitError } from '../task-base.errors.ts';
import { limitTime } from './limit-time.ts';

const task = testTask('slow', { softLimitMs: 1_000, hardLimitMs: 3_000 });

describe('limitTime', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('aborts the signal at the soft limit and uses what the handler makes of it', async () => {
    const run = taskRun({ task });
    const outcome = limitTime(run, () => untilAborted(run.signal));
    await vi.advanceTimersByTimeAsync(1_000);
    expect(await outcome).toBeInstanceOf(TaskSoftTimeLimitError);
  });

  it('fails the run at the hard limit when the handler does not end', async () => {
    const outcome = limitTime(taskRun({ task }), () => new Promise(() => undefined));
    const failure = outcome.catch((error: unknown) => error);
    await vi.advanceTimersByTimeAsync(3_000);
    expect(await failure).toBeInstanceOf(TaskHardTimeLimitError);
  });

  it('passes a cancellation of the job on', async () => {
    const cancel = new AbortController();
    const run = taskRun({ task, signal: cancel.signal });
    const outcome = limitTime(run, () => untilAborted(run.signal));
    cancel.abort('no longer wanted');
    expect(await outcome).toBe('no longer wanted');
  });

  it('leaves no timer behind', async () => {
    await limitTime(taskRun({ task }), () => Promise.resolve('done'));
    expect(vi.getTimerCount()).toBe(0);
  });
});

function untilAborted(signal: AbortSignal): Promise<unknown> {
  return new Promise((resolve) => {
    signal.addEventListener('abort', () => resolve(signal.reason));
  });
}
