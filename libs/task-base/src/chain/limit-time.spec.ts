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
    const outcome = limitTime(run, () => untilAborted(run.control.signal));
    await vi.advanceTimersByTimeAsync(1_000);
    expect(await outcome).toBeInstanceOf(TaskSoftTimeLimitError);
  });

  it('revokes the run at the hard limit', async () => {
    const run = taskRun({ task });
    void limitTime(run, () => new Promise(() => undefined));
    await vi.advanceTimersByTimeAsync(2_999);
    expect(run.control.revoked.aborted).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    expect(run.control.revoked.reason).toBeInstanceOf(TaskHardTimeLimitError);
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
