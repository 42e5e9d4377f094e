import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { parseCancellation } from '../cancel/cancellation.ts';
import { TaskCancelledError, TaskHardTimeLimitError, TaskOwnershipLostError } from '../task-base.errors.ts';
import { CANCEL_GRACE_MS, RunControl } from './run-control.ts';
import type { Ownership } from './run-control.ts';

const OWNER: Ownership = { isOwner: true, cancellation: undefined };

function controlWith(ownership: () => Promise<Ownership> = () => Promise.resolve(OWNER)): RunControl {
  return new RunControl('echo', ownership);
}

describe('RunControl', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('asks a cancelled run to end and revokes it when the grace is over', async () => {
    const control = controlWith();
    control.cancel(new TaskCancelledError('echo', 'not needed'));
    expect(control.signal.reason).toMatchObject({
      code: 'TASK_CANCELLED',
      message: 'echo was cancelled: not needed',
    });
    expect(control.revoked.aborted).toBe(false);
    await vi.advanceTimersByTimeAsync(CANCEL_GRACE_MS);
    expect(control.revoked.reason).toBe(control.cancelled);
  });

  it('leaves a run alone that ends within the grace', async () => {
    const control = controlWith();
    control.cancel(new TaskCancelledError('echo', null));
    control.end();
    expect(vi.getTimerCount()).toBe(0);
  });

  it('confirms the owner', async () => {
    await expect(controlWith().confirmOwnership()).resolves.toBeUndefined();
  });

  it.each<[string, (control: RunControl) => void]>([
    ['has passed its hard limit', (control) => control.revoke(new TaskHardTimeLimitError('echo', 1))],
    ['was cancelled', (control) => control.cancel(new TaskCancelledError('echo', null), 0)],
    ['has ended', (control) => control.end()],
  ])('refuses a run that %s without asking Redis', async (_what, happen) => {
    const ask = vi.fn(() => Promise.resolve(OWNER));
    const control = controlWith(ask);
    happen(control);
    await expect(control.confirmOwnership()).rejects.toMatchObject({ code: 'TASK_OWNERSHIP_LOST' });
    expect(ask).not.toHaveBeenCalled();
  });

  it('refuses a run whose limit passes while Redis is asked', async () => {
    const control = controlWith(() => {
      control.revoke(new TaskHardTimeLimitError('echo', 1));
      return Promise.resolve(OWNER);
    });
    await expect(control.confirmOwnership()).rejects.toBeInstanceOf(TaskOwnershipLostError);
  });

  it('gives a run up that Redis no longer knows as the owner', async () => {
    const control = controlWith(() => Promise.resolve({ ...OWNER, isOwner: false }));
    await expect(control.confirmOwnership()).rejects.toBeInstanceOf(TaskOwnershipLostError);
    expect(control.isDisowned).toBe(true);
  });

  it('learns of a cancel by asking, and ends as cancelled rather than as disowned', async () => {
    const cancellation = parseCancellation(
      '{"outcome":"requested","was":"running","request_time":"1","requested_at":1}',
    );
    const control = controlWith(() => Promise.resolve({ isOwner: true, cancellation }));
    await expect(control.confirmOwnership()).rejects.toBeInstanceOf(TaskOwnershipLostError);
    expect(control.cancelled).toBeInstanceOf(TaskCancelledError);
    expect(control.isDisowned).toBe(false);
  });

  it('confirms nothing when Redis does not answer', async () => {
    const control = controlWith(() => Promise.reject(new Error('timeout')));
    await expect(control.confirmOwnership()).rejects.toMatchObject({
      code: 'TASK_OWNERSHIP_UNCONFIRMED',
      isRetryable: true,
    });
    expect(control.revoked.aborted).toBe(false);
  });
});
