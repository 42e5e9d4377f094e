import { DelayedError } from 'bullmq';
import { describe, expect, it, vi } from 'vitest';
import { closedGate } from '../fixtures/gate.fixture.ts';
import { taskRun } from '../fixtures/task-run.fixture.ts';
import { QUEUES } from '../queues/queue-catalog.ts';
import { SUSPECT_AFTER_LOSSES, SuspectRuns } from './suspect-runs.ts';

function runThatLost(stalledCounter: number) {
  const run = taskRun();
  const moveToDelayed = vi.fn(() => Promise.resolve());
  return { run: { ...run, job: { ...run.job, stalledCounter, moveToDelayed }, token: 't-1' }, moveToDelayed };
}

describe('SuspectRuns', () => {
  it('lets ordinary jobs run side by side, also beside a suspect', async () => {
    const suspects = new SuspectRuns();
    const gate = closedGate();
    const suspect = suspects.inTurn(runThatLost(SUSPECT_AFTER_LOSSES).run, () => gate.opened);
    const once = runThatLost(SUSPECT_AFTER_LOSSES - 1);
    expect(await suspects.inTurn(once.run, () => Promise.resolve('done'))).toBe('done');
    gate.open();
    await suspect;
  });

  it('lets one suspect run at a time and the other step aside without an attempt', async () => {
    const suspects = new SuspectRuns();
    const gate = closedGate();
    const first = suspects.inTurn(runThatLost(3).run, () => gate.opened);
    const second = runThatLost(2);
    await expect(suspects.inTurn(second.run, () => Promise.resolve())).rejects.toBeInstanceOf(DelayedError);
    expect(second.moveToDelayed).toHaveBeenCalledWith(expect.any(Number), 't-1');
    gate.open();
    await first;
    expect(await suspects.inTurn(second.run, () => Promise.resolve('its turn'))).toBe('its turn');
  });

  it('lets the next one run when a suspect has failed', async () => {
    const suspects = new SuspectRuns();
    await expect(suspects.inTurn(runThatLost(2).run, () => Promise.reject(new Error('no')))).rejects.toThrow(
      'no',
    );
    expect(await suspects.inTurn(runThatLost(2).run, () => Promise.resolve('done'))).toBe('done');
  });

  it('suspects early enough for every queue to still let a suspect run', () => {
    for (const { maxStalledCount } of Object.values(QUEUES)) {
      expect(maxStalledCount).toBeGreaterThanOrEqual(SUSPECT_AFTER_LOSSES);
    }
  });
});
