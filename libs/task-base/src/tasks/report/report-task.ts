import type { OnApplicationBootstrap } from '@nestjs/common';
import { describeFailure } from '../../chain/failure-reason.ts';
import { BroadcastTask } from '../broadcast-task.ts';
import { ProgressReporter } from '../progress-reporter.ts';
import type { TaskContext } from '../task-context.ts';
import type { ReportContext } from './report-context.ts';
import { createReportDirectory, removeReportDirectory, removeReportLeftovers } from './report-directory.ts';

/**
 * A task that makes a document page by page, for a user who waits for it. Each run gets a private directory for its temporary
 * files, which is removed however the run ends; from a handler that does not end it is taken away when the run is revoked. What a
 * killed process left behind is removed when the next one starts, and before each report.
 */
export abstract class ReportTask<P extends object, R = void>
  extends BroadcastTask<P, R>
  implements OnApplicationBootstrap
{
  /** Makes the report. Keep nothing in `ctx.directory` that must outlive the run: hand it over before returning. */
  protected abstract write(params: P, ctx: ReportContext): Promise<R>;

  /** The user who sees the progress; undefined for nobody. @default the parameter `user_id`, if there is one */
  protected watcherOf(params: P): number | string | undefined {
    const userId = 'user_id' in params ? params.user_id : undefined;
    return typeof userId === 'number' || typeof userId === 'string' ? userId : undefined;
  }

  async onApplicationBootstrap(): Promise<void> {
    await removeReportLeftovers();
  }

  async run(params: P, ctx: TaskContext): Promise<R> {
    await removeReportLeftovers();
    const directory = await createReportDirectory();
    const pages = new ProgressReporter(({ percent, message }) => this.tell(params, ctx, percent, message));
    const end = async (): Promise<void> => {
      await Promise.all([pages.close(), removeReportDirectory(directory).catch(notRemoved(ctx))]);
    };
    ctx.revoked.addEventListener('abort', () => void end(), { once: true });
    try {
      const ofReport: Pick<ReportContext, 'directory' | 'pageProgress'> = {
        directory,
        pageProgress: (page, of) =>
          pages.report({ percent: percentOf(page, of), message: `page ${page} of ${of}` }),
      };
      // On top of it rather than copied from it: a context makes its parts when they are asked for.
      return await this.write(params, Object.assign(Object.create(ctx) as TaskContext, ofReport));
    } finally {
      await end();
    }
  }

  private async tell(params: P, ctx: TaskContext, percent: number, message: string): Promise<void> {
    const userId = this.watcherOf(params);
    await Promise.all([
      ctx.progress(percent, message),
      userId === undefined || this.broadcastTaskProgress({ userId, progress: percent, message }),
    ]);
  }
}

/** A report without pages is done. */
function percentOf(page: number, pages: number): number {
  return pages > 0 ? Math.min(100, Math.max(0, (page / pages) * 100)) : 100;
}

/** It stays what it is, a leftover; the report is not spoilt by it. */
function notRemoved(ctx: TaskContext): (error: unknown) => void {
  return (error) => ctx.logger.warn(`temporary files could not be removed: ${describeFailure(error)}`);
}
