import { Injectable, Logger } from '@nestjs/common';
import { RepeatedWarning } from '@bus/platform';
import { BackgroundWork } from '../background-work.ts';
import type { Refusal } from '../checks/refusal.ts';
import { IngestMetrics } from '../metrics/ingest-metrics.ts';
import { ErrorAnswers } from './error-answers.ts';
import { NocNotices } from './noc-notices.ts';
import { Quarantine } from './quarantine.ts';

/** Enough for a burst; a quarantine write takes about a millisecond. */
const MAX_WAITING_WRITES = 500;
const MAX_WAITING_BYTES = 32 * 1024 * 1024;
const MAX_WAITING_ANSWERS = 500;
const MAX_WAITING_NOTICES = 500;

/**
 * What happens to a refused message, besides its acknowledgement: it is counted, its sender is told, it is kept in the quarantine,
 * and if it was meant as an alert the operations centre is told. None of it is waited for.
 */
@Injectable()
export class Refusals {
  private readonly warning = new RepeatedWarning(new Logger(Refusals.name));
  private readonly quarantineWrites = new BackgroundWork(2, MAX_WAITING_WRITES);
  private readonly answersSent = new BackgroundWork(20, MAX_WAITING_ANSWERS);
  private readonly noticesShown = new BackgroundWork(4, MAX_WAITING_NOTICES);
  private waitingBytes = 0;

  constructor(
    private readonly metrics: IngestMetrics,
    private readonly quarantine: Quarantine,
    private readonly answers: ErrorAnswers,
    private readonly notices: NocNotices,
  ) {}

  /** Never throws. */
  report(refusal: Refusal): void {
    this.metrics.messageRefused(refusal.code);
    this.tellOperators(refusal);
    this.tellSender(refusal);
    this.keep(refusal);
  }

  /** Resolves when everything that was begun is done, or after `timeoutMs`. */
  async drain(timeoutMs: number): Promise<void> {
    const work = [this.quarantineWrites, this.answersSent, this.noticesShown];
    await Promise.all(work.map((begun) => begun.drain(timeoutMs)));
  }

  private tellOperators(refusal: Refusal): void {
    const notice = this.notices.noticeOf(refusal);
    if (notice === null) return;
    const begun = this.noticesShown.start(() => this.notices.show(notice, refusal));
    if (!begun) this.warning.warn('Refused alerts come faster than the operations centre can be told.');
  }

  private tellSender(refusal: Refusal): void {
    if (!this.answers.isDue(refusal)) return;
    if (!this.answersSent.start(() => this.answers.send(refusal))) this.metrics.errorAnswer('rate_limited');
  }

  private keep(refusal: Refusal): void {
    const bytes = refusal.payload.length;
    const hasRoom = this.waitingBytes + bytes <= MAX_WAITING_BYTES;
    // A copy, because the payload is a window on a network buffer that stays in memory as long as the window does.
    const kept = hasRoom ? { ...refusal, payload: Buffer.from(refusal.payload) } : null;
    if (kept === null || !this.quarantineWrites.start(() => this.write(kept))) {
      this.metrics.quarantine('dropped');
      return;
    }
    this.waitingBytes += bytes;
  }

  private async write(kept: Refusal): Promise<void> {
    try {
      await this.quarantine.keep(kept);
      this.metrics.quarantine('kept');
    } catch (error) {
      this.metrics.quarantine('dropped');
      this.warning.warn('A refused message could not be kept in the quarantine.', error as Error);
    } finally {
      this.waitingBytes -= kept.payload.length;
    }
  }
}
