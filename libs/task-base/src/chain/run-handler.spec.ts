import { describe, expect, it } from 'vitest';
import { taskRun } from '../fixtures/task-run.fixture.ts';
import { testTask } from '../fixtures/test-tasks.fixture.ts';
import { BaseTask } from '../tasks/base-task.ts';
import type { TaskContext } from '../tasks/task-context.ts';
import { runHandler } from './run-handler.ts';
import type { StoredJob } from './task-run.ts';

const echo = testTask('echo');

async function contextFor(job: Partial<StoredJob>): Promise<TaskContext> {
  let seen: TaskContext | undefined;
  class Spy extends BaseTask<object> {
    run(_params: object, ctx: TaskContext): Promise<void> {
      seen = ctx;
      return Promise.resolve();
    }
  }
  await runHandler(
    taskRun({ job: { ...taskRun().job, ...job }, handler: { task: echo, instance: new Spy() } }),
  );
  if (seen === undefined) throw new Error('the handler did not run');
  return seen;
}

describe('runHandler', () => {
  it.each([
    ['a first run', {}, false],
    ['a retry', { attemptsMade: 1, attemptsStarted: 2 }, true],
    ['a job whose worker died', { stalledCounter: 1, attemptsStarted: 2 }, true],
    ['a job whose worker died before it was counted', { stalledCounter: 1 }, true],
    ['a job given back by a worker that shut down', { attemptsStarted: 2 }, true],
  ])('knows %s', async (_what, job, isRedelivery) => {
    expect((await contextFor(job)).isRedelivery).toBe(isRedelivery);
  });

  it('keeps progress within 0 to 100', async () => {
    const stored: unknown[] = [];
    const ctx = await contextFor({
      updateProgress: (progress) => {
        stored.push(progress);
        return Promise.resolve();
      },
    });
    await ctx.progress(-5);
    await ctx.progress(250, 'nearly');
    expect(stored).toEqual([
      { percent: 0, message: null },
      { percent: 100, message: 'nearly' },
    ]);
  });
});
