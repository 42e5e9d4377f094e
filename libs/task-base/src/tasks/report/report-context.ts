import type { TaskContext } from '../task-context.ts';

/** What a report knows of its own run. */
export interface ReportContext extends TaskContext {
  /** A directory of this run alone, readable by this process's user only. It is gone when the run has ended, however it ended. */
  readonly directory: string;
  /**
   * "page 75 of 100": stored on the job and shown to the user who waits for the report. Cheap enough to call for every page,
   * because not every page is told; the last one always is. Never throws.
   */
  pageProgress(page: number, pages: number): void;
}
