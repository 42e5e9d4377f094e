import { describe, expect, it } from 'vitest';
import { TASK_CATALOG } from '../catalog/task-catalog.ts';
import { idempotentTask, testTask } from '../fixtures/test-tasks.fixture.ts';
import { defineTask } from '../tasks/define-task.ts';
import { EchoParams } from '../fixtures/test-tasks.fixture.ts';
import { routeOf } from './task-catalog-info.ts';

describe('routeOf', () => {
  it('tells for each setting where it comes from', () => {
    const inherited = routeOf(defineTask({ name: 'plain', queue: 'email', params: EchoParams }));
    expect(inherited).toMatchObject({
      queue: 'email',
      priority: { value: 7, from: 'queue' },
      bullPriority: 4,
      retry: { from: 'queue' },
      softLimitMs: { value: 1_800_000, from: 'default' },
      hardLimitMs: { value: 3_600_000, from: 'default' },
      sentAgain: { value: 'first-job', from: 'default' },
      idempotency: { value: null, from: 'default' },
      runsIn: { value: 'worker', from: 'default' },
      hasSensitiveParams: false,
    });
    const own = routeOf(testTask('own', { priority: 3, sentAgain: 'run-again' }));
    expect(own).toMatchObject({
      priority: { value: 3, from: 'task' },
      retry: { from: 'task' },
      softLimitMs: { from: 'task' },
      sentAgain: { from: 'task' },
    });
  });

  it('tells where the work is done and what makes two enqueues the same work', () => {
    const child = { child: { maxMemoryMiB: 512 } };
    expect(routeOf(idempotentTask('heavy', { category: 'report' }, { runsIn: child }))).toMatchObject({
      runsIn: { value: child, from: 'task' },
      idempotency: { value: { scope: 'global', category: 'report', ttlMs: 86_400_000 }, from: 'task' },
    });
  });

  it('shows the shortest and longest wait before each retry', () => {
    const retry = { retries: 3, backoffMs: 10_000, maxBackoffMs: 30_000 };
    expect(routeOf(testTask('waits', { retry })).retryWaits).toEqual([
      { fromMs: 5_000, toMs: 10_000 },
      { fromMs: 10_000, toMs: 20_000 },
      { fromMs: 15_000, toMs: 30_000 },
    ]);
  });

  it('works for every task of the catalog', () => {
    for (const task of TASK_CATALOG) expect(routeOf(task).retryWaits).toHaveLength(task.retry.retries);
  });
});
