import { Metrics } from '@bus/observability';
import { beforeEach, describe, expect, it } from 'vitest';
import { taskRun } from '../fixtures/task-run.fixture.ts';
import { testTask } from '../fixtures/test-tasks.fixture.ts';
import { TaskHardTimeLimitError } from '../task-base.errors.ts';
import { endWhenRevoked } from './end-when-revoked.ts';

const tooLong = new TaskHardTimeLimitError('echo', 1_000);

describe('endWhenRevoked', () => {
  let metrics: Metrics;
  beforeEach(() => {
    metrics = new Metrics({ app: 'spec', instance: 'spec' });
  });
  const abandoned = async () =>
    Number(/bus_task_abandoned_total\{[^}]*\} (\d+)/.exec((await metrics.render()).body)?.[1] ?? 0);

  it('lets a run end as it ends', async () => {
    const link = endWhenRevoked(metrics);
    expect(await link(taskRun(), () => Promise.resolve('done'))).toBe('done');
    await expect(link(taskRun(), () => Promise.reject(new Error('no')))).rejects.toThrow('no');
  });

  it('keeps what a run came to that is revoked after its end', async () => {
    const run = taskRun();
    const outcome = endWhenRevoked(metrics)(run, () => Promise.resolve('done'));
    expect(await outcome).toBe('done');
    run.control.revoke(tooLong);
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(await outcome).toBe('done');
    expect(await abandoned()).toBe(0);
  });

  it('gives up a handler that does not heed its signal, and counts it', async () => {
    const run = taskRun();
    const outcome = endWhenRevoked(metrics)(run, () => new Promise(() => undefined));
    run.control.revoke(tooLong);
    await expect(outcome).rejects.toBe(tooLong);
    expect(await abandoned()).toBe(1);
  });

  it('fails with the reason even when the handler answers at that moment, and does not call that abandoned', async () => {
    const run = taskRun();
    const { signal } = run.control;
    const outcome = endWhenRevoked(metrics)(
      run,
      () => new Promise((resolve) => signal.addEventListener('abort', () => resolve('late'))),
    );
    run.control.revoke(tooLong);
    await expect(outcome).rejects.toBe(tooLong);
    expect(await abandoned()).toBe(0);
  });

  it('waits until the child of a run is gone', async () => {
    const run = taskRun({ task: testTask('heavy', { runsIn: { child: { maxMemoryMiB: 128 } } }) });
    let isGone = false;
    const outcome = endWhenRevoked(metrics)(run, async () => {
      await new Promise((resolve) => run.control.revoked.addEventListener('abort', resolve));
      await new Promise((resolve) => setTimeout(resolve, 30));
      isGone = true;
    });
    run.control.revoke(tooLong);
    await expect(outcome).rejects.toBe(tooLong);
    expect(isGone).toBe(true);
    expect(await abandoned()).toBe(0);
  });

  it('does not start a run that is revoked already', async () => {
    const run = taskRun();
    run.control.revoke(tooLong);
    let started = false;
    const outcome = endWhenRevoked(metrics)(run, () => Promise.resolve((started = true)));
    await expect(outcome).rejects.toBe(tooLong);
    expect(started).toBe(false);
  });
});
