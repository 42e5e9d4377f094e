import type { Logger } from '@nestjs/common';
import { RepeatedWarnings } from '../repeated-warnings.ts';
import type { DeadLetter, DeadLetterStore } from './dead-letter.ts';

/** Hands letters to the store and remembers which ones it has, so that a sweep need not offer them again. */
export class DeadLetterRecorder {
  private readonly recorded = new Set<string>();
  private readonly pending = new Set<Promise<boolean>>();
  private readonly warnings: RepeatedWarnings;
  private readonly store: DeadLetterStore;

  constructor(store: DeadLetterStore, logger: Logger) {
    this.store = store;
    this.warnings = new RepeatedWarnings(logger);
  }

  /** Whether the letter is kept now. Never rejects: what could not be kept is found again by the sweeper. */
  record(letter: DeadLetter): Promise<boolean> {
    const work = this.keep(letter);
    this.pending.add(work);
    return work.finally(() => this.pending.delete(work));
  }

  has(letterKey: string): boolean {
    return this.recorded.has(letterKey);
  }

  /** Forgets the letters of a queue whose jobs Redis no longer keeps, so the memory of them stays bounded too. */
  retain(queue: string, letterKeys: ReadonlySet<string>): void {
    for (const key of this.recorded) {
      if (key.startsWith(`${queue}/`) && !letterKeys.has(key)) this.recorded.delete(key);
    }
  }

  /** Resolves when nothing is on its way to the store. */
  async settled(): Promise<void> {
    await Promise.all(this.pending);
  }

  private async keep(letter: DeadLetter): Promise<boolean> {
    const key = letterKeyOf(letter.queue, letter.jobId, letter.failedAt.getTime());
    if (this.recorded.has(key)) return true;
    try {
      await this.store.record(letter);
    } catch (error) {
      this.warnings.warn(`dead letter of ${letter.taskName} not kept yet, it will be offered again`, error);
      return false;
    }
    this.recorded.add(key);
    return true;
  }
}

/** Identity of a failure within this process. */
export function letterKeyOf(queue: string, jobId: string, failedAtMs: number): string {
  return `${queue}/${jobId}/${failedAtMs}`;
}
