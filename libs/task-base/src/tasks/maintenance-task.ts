import { describeFailure } from '../chain/failure-reason.ts';
import { TaskSoftTimeLimitError } from '../task-base.errors.ts';
import { BaseTask } from './base-task.ts';
import { ProgressReporter } from './progress-reporter.ts';
import type { TaskContext } from './task-context.ts';

/** Work on many items in batches. */
export interface BatchWork<T> {
  /** The most items of one batch: as many as may be done twice when a worker dies. */
  readonly batchSize: number;
  /** The next items that are not done yet, at most `limit`; none when all are done. */
  next(limit: number): Promise<readonly T[]>;
  /** Does one batch, and so that `next` does not give these items again. It may stop early by throwing when `signal` is aborted. */
  onBatch(items: readonly T[], signal: AbortSignal): Promise<void>;
  /** How many items are not done yet. Asked once at the beginning and, when the run is stopped early, once at the end. */
  countLeft(): Promise<number>;
}

/** What became of it. */
export interface BatchOutcome {
  readonly done: number;
  /** 0 when all is done; otherwise the next run goes on from there. */
  readonly left: number;
}

/** A task that tidies up: bounded steps instead of one huge one, each kept once it is done. */
export abstract class MaintenanceTask<P extends object, R = void> extends BaseTask<P, R> {
  /**
   * Works batch by batch until nothing is left, with progress on the job. At the soft limit it ends after the batch at hand and
   * says how much is left. A run that is cancelled stops at the same place and rejects with the reason, so that whoever cancelled
   * it learns that it was. Either way what is done stays done, and the next run goes on.
   *
   * @throws what `next`, `onBatch` or `countLeft` throws, unless the run was stopped meanwhile
   */
  protected async inBatches<T>(ctx: TaskContext, work: BatchWork<T>): Promise<BatchOutcome> {
    if (!Number.isInteger(work.batchSize) || work.batchSize < 1) {
      throw new RangeError(`a batch has at least one item, not ${work.batchSize}`);
    }
    const total = await work.countLeft();
    const progress = new ProgressReporter(({ percent, message }) => ctx.progress(percent, message));
    let done = 0;
    try {
      while (!ctx.signal.aborted) {
        const items = await work.next(work.batchSize);
        if (items.length === 0) return { done, left: 0 };
        await work.onBatch(items, ctx.signal);
        done += items.length;
        // More may have come since they were counted, so there is always at least what is done.
        const of = Math.max(total, done);
        progress.report({ percent: (done / of) * 100, message: `${done} of ${of}` });
      }
    } catch (error) {
      if (!ctx.signal.aborted) throw error;
      ctx.logger.warn(`stopped within a batch: ${describeFailure(error)}`);
    } finally {
      await progress.close();
    }
    const left = await work.countLeft();
    if (!(ctx.signal.reason instanceof TaskSoftTimeLimitError)) {
      ctx.logger.log(`stopped: ${done} done, ${left} left`);
      ctx.signal.throwIfAborted();
    }
    return { done, left };
  }
}
