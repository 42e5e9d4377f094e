import { describe, expect, it } from 'vitest';
import { taskContext } from '../fixtures/task-run.fixture.ts';
import { TaskSoftTimeLimitError } from '../task-base.errors.ts';
import { MaintenanceTask } from './maintenance-task.ts';
import type { BatchOutcome, BatchWork } from './maintenance-task.ts';
import type { TaskContext } from './task-context.ts';

/** Removes rows, as a table would have them; `work` changes what a batch does. */
class TidyUp extends MaintenanceTask<object, BatchOutcome> {
  readonly batches: number[][] = [];

  constructor(
    readonly rows: number[],
    private readonly work: Partial<BatchWork<number>> = {},
  ) {
    super();
  }

  run(_params: object, ctx: TaskContext): Promise<BatchOutcome> {
    return this.inBatches<number>(ctx, {
      batchSize: 10,
      next: (limit) => Promise.resolve(this.rows.slice(0, limit)),
      onBatch: (items) => Promise.resolve(this.remove(items)),
      countLeft: () => Promise.resolve(this.rows.length),
      ...this.work,
    });
  }

  remove(items: readonly number[]): void {
    this.batches.push([...items]);
    this.rows.splice(0, items.length);
  }
}

const rows = (count: number) => Array.from({ length: count }, (_, index) => index);

describe('MaintenanceTask', () => {
  it('works in batches until nothing is left, and tells the progress', async () => {
    const task = new TidyUp(rows(25));
    const ctx = taskContext();
    expect(await task.run({}, ctx)).toEqual({ done: 25, left: 0 });
    expect(task.batches.map(({ length }) => length)).toEqual([10, 10, 5]);
    expect(ctx.told.at(0)).toEqual([40, '10 of 25']);
    expect(ctx.told.at(-1)).toEqual([100, '25 of 25']);
  });

  it('has nothing to do when there is nothing', async () => {
    expect(await new TidyUp([]).run({}, taskContext())).toEqual({ done: 0, left: 0 });
  });

  it('stops at the soft limit after the batch at hand, keeps what is done, and the next run goes on', async () => {
    const stop = new AbortController();
    const task = new TidyUp(rows(35), {
      onBatch: (items) => {
        task.remove(items);
        if (task.batches.length === 2) stop.abort(new TaskSoftTimeLimitError('tidy_up', 1));
        return Promise.resolve();
      },
    });
    expect(await task.run({}, taskContext({ signal: stop.signal }))).toEqual({ done: 20, left: 15 });
    expect(await task.run({}, taskContext())).toEqual({ done: 15, left: 0 });
  });

  it('stops at the same place when it is cancelled, and says that it was', async () => {
    const cancel = new AbortController();
    const task = new TidyUp(rows(35), {
      onBatch: (items) => {
        cancel.abort(new Error('no longer wanted'));
        return Promise.resolve(task.remove(items));
      },
    });
    await expect(task.run({}, taskContext({ signal: cancel.signal }))).rejects.toThrow('no longer wanted');
    expect(task.rows).toHaveLength(25);
  });

  it('does not count a batch that was broken off when the run was stopped', async () => {
    const stop = new AbortController();
    const task = new TidyUp(rows(15), {
      onBatch: (items, signal) => {
        if (task.batches.length === 1) stop.abort(new TaskSoftTimeLimitError('tidy_up', 1));
        signal.throwIfAborted();
        return Promise.resolve(task.remove(items));
      },
    });
    expect(await task.run({}, taskContext({ signal: stop.signal }))).toEqual({ done: 10, left: 5 });
  });

  it('fails with the batch that failed, and what was done before stays done', async () => {
    const task = new TidyUp(rows(25), {
      onBatch: (items) => {
        if (task.batches.length === 1) return Promise.reject(new Error('table locked'));
        return Promise.resolve(task.remove(items));
      },
    });
    await expect(task.run({}, taskContext())).rejects.toThrow('table locked');
    expect(task.rows).toHaveLength(15);
  });

  it('never shows more than 100 %, though items may come while it works', async () => {
    const task = new TidyUp(rows(10), {
      onBatch: (items) => {
        if (task.batches.length === 0) task.rows.push(...rows(90));
        return Promise.resolve(task.remove(items));
      },
    });
    const ctx = taskContext();
    expect(await task.run({}, ctx)).toEqual({ done: 100, left: 0 });
    expect(ctx.told.at(-1)).toEqual([100, '100 of 100']);
    expect(Math.max(...ctx.told.map(([percent]) => percent))).toBe(100);
  });

  it.each([0, -1, 1.5, Number.NaN])('refuses a batch size of %d', async (batchSize) => {
    await expect(new TidyUp(rows(1), { batchSize }).run({}, taskContext())).rejects.toThrow(RangeError);
  });
});
