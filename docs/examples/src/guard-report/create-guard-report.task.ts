import { appendFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ReportTask, Task } from '@bus/task-base';
import type { ReportContext } from '@bus/task-base';
import { CREATE_GUARD_REPORT } from './create-guard-report.ts';
import { DocumentStore, GuardRounds } from './guard-rounds.ts';
import type { GuardReportJob } from './guard-report.job.ts';

/** Writes page after page into the directory of the run, then hands the document over. */
@Task(CREATE_GUARD_REPORT)
export class CreateGuardReport extends ReportTask<GuardReportJob, { document: string; pages: number }> {
  constructor(
    private readonly rounds: GuardRounds,
    private readonly documents: DocumentStore,
  ) {
    super();
  }

  protected async write(
    { guard_id }: GuardReportJob,
    ctx: ReportContext,
  ): Promise<{ document: string; pages: number }> {
    const file = join(ctx.directory, 'report.txt');
    const pages = await this.rounds.countPages(guard_id);
    for (let page = 1; page <= pages; page += 1) {
      ctx.signal.throwIfAborted(); // here it ends at the soft limit, or when somebody cancels it
      await appendFile(file, await this.rounds.page(guard_id, page));
      ctx.pageProgress(page, pages); // "page 75 of 100"
    }
    return { document: await this.documents.keep(`guard-${guard_id}`, file), pages };
  }
}
