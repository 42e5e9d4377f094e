import { BaseTask } from '../tasks/base-task.ts';
import type { TaskContext } from '../tasks/task-context.ts';
import { taskOf } from '../tasks/task.decorator.ts';
import { runInChildProcess } from './child-process-run.ts';

export interface ChildProgress {
  /** 0..100 */
  readonly percent: number;
  readonly message: string | undefined;
}

/**
 * A task whose work runs in a child process of its own, one for each run: for CPU-heavy work, and for work that must really stop at
 * its hard limit, when it is cancelled or when it takes too much memory. Its catalog entry says `runsIn: { child: … }`.
 *
 * The class stays in the worker and names the module that does the work (see `ChildWork`). A child starts within about a tenth of
 * a second, ends with its run, and never outlives its worker. While it computes, the worker renews the lock of the job.
 *
 * What the work throws fails the run as if it had been thrown here, with its `code` and `isRetryable`.
 */
export abstract class ChildProcessTask<P extends object, R = void> extends BaseTask<P, R> {
  /** `childModule(import.meta.url, './train-model.work')` */
  protected abstract readonly work: URL;

  /** Largest result, in bytes of JSON. Results are kept in Redis; write what is large elsewhere and return where it is. */
  protected readonly maxResultBytes: number = 256 * 1_024;

  /** The whole environment of the child besides its time zone: nothing is inherited, so no secret of the worker is in it. */
  protected childEnvironment(_params: P): Readonly<Record<string, string>> {
    return {};
  }

  /** Called with each report of the work, one after the other; of those that come meanwhile, the latest. Override it to broadcast. */
  protected onProgress({ percent, message }: ChildProgress, _params: P, ctx: TaskContext): Promise<void> {
    return ctx.progress(percent, message);
  }

  async run(params: P, ctx: TaskContext): Promise<R> {
    const { runsIn } = taskOf(this);
    if (runsIn === 'worker')
      throw new Error(`${ctx.taskName} does not say how much memory its child may take`);
    const { jobId, taskName, attempt, isRedelivery, correlationId, fencingToken } = ctx;
    const reports = new LatestReports((progress) => this.onProgress(progress, params, ctx), ctx);
    const result = await runInChildProcess({
      order: {
        work: this.work.href,
        params,
        about: { jobId, taskName, attempt, isRedelivery, correlationId, fencingToken },
        maxResultBytes: this.maxResultBytes,
      },
      maxMemoryMiB: runsIn.child.maxMemoryMiB,
      environment: { TZ: Intl.DateTimeFormat().resolvedOptions().timeZone, ...this.childEnvironment(params) },
      signal: ctx.signal,
      revoked: ctx.revoked,
      confirmOwnership: () => ctx.confirmOwnership(),
      onProgress: (percent, message) =>
        reports.add({ percent: Math.min(100, Math.max(0, percent)), message }),
      onLog: (level, message) => ctx.logger[level]?.(message),
    });
    await reports.settled();
    // The types of both sides are the word of the task's author, as with any JSON.
    return result as R;
  }
}

/** Hands reports on one at a time. A slow taker gets the latest, not a backlog; one that fails does not fail the work. */
class LatestReports {
  private readonly take: (progress: ChildProgress) => Promise<void>;
  private readonly ctx: TaskContext;
  private next: ChildProgress | undefined;
  private taking: Promise<void> | undefined;

  constructor(take: (progress: ChildProgress) => Promise<void>, ctx: TaskContext) {
    this.take = take;
    this.ctx = ctx;
  }

  add(progress: ChildProgress): void {
    this.next = progress;
    this.taking ??= this.takeAll().finally(() => {
      this.taking = undefined;
    });
  }

  async settled(): Promise<void> {
    await this.taking;
  }

  private async takeAll(): Promise<void> {
    while (this.next !== undefined && !this.ctx.revoked.aborted) {
      const progress = this.next;
      this.next = undefined;
      try {
        await this.take(progress);
      } catch (error) {
        this.ctx.logger.warn(`progress of ${this.ctx.jobId} not passed on: ${String(error)}`);
      }
    }
  }
}
