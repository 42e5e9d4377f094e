import { Injectable, Logger } from '@nestjs/common';
import type { DownlinkError } from '@bus/payload-schemas';
import { RepeatedWarning } from '@bus/platform';
import { downlinkTopic } from '@bus/topic-whitelist';
import type { Refusal } from '../checks/refusal.ts';
import { IngestMetrics } from '../metrics/ingest-metrics.ts';
import { Broker } from '../transport/broker.ts';
import { SourceAllowance } from './source-allowance.ts';

/** A device that sends nothing but nonsense hears why thirty times, then once a second. */
const ALLOWANCE = { burst: 30, refillMs: 1_000 };
const ANSWER_TIMEOUT_MS = 5_000;
const MAX_REASON_LENGTH = 1_000;
const MAX_TOPIC_LENGTH = 256;

/** Tells a device on `downlink/{sourceId}/error` that a message of it was refused, and why. */
@Injectable()
export class ErrorAnswers {
  private readonly warning = new RepeatedWarning(new Logger(ErrorAnswers.name));
  private readonly allowance = new SourceAllowance(ALLOWANCE);

  constructor(
    private readonly broker: Broker,
    private readonly metrics: IngestMetrics,
  ) {}

  /** Whether this refusal may be answered: the source is known and has not had too many answers lately. */
  isDue(refusal: Refusal): boolean {
    if (refusal.sourceId === null) return false;
    if (this.allowance.take(refusal.sourceId) !== null) return true;
    this.metrics.errorAnswer('rate_limited');
    return false;
  }

  /** Sends the answer. Never rejects: a device that cannot be told has lost nothing else. */
  async send(refusal: Refusal): Promise<void> {
    if (refusal.sourceId === null) return;
    const answer: DownlinkError = {
      ...(refusal.messageId === null ? {} : { message_id: refusal.messageId }),
      topic: refusal.topic.slice(0, MAX_TOPIC_LENGTH),
      code: refusal.code,
      reason: refusal.reason.slice(0, MAX_REASON_LENGTH),
    };
    try {
      await this.broker.publish(downlinkTopic(refusal.sourceId, 'error'), answer, {
        qos: 1,
        timeoutMs: ANSWER_TIMEOUT_MS,
      });
      this.metrics.errorAnswer('success');
    } catch (error) {
      this.metrics.errorAnswer('failure');
      this.warning.warn('A device could not be told that its message was refused.', error as Error);
    }
  }
}
