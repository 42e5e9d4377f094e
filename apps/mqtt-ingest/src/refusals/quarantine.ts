import { Injectable } from '@nestjs/common';
import { QuarantineQueries } from '@bus/database';
import type { Refusal } from '../checks/refusal.ts';

/** Where refused messages are kept for people to look at. Bounded: the oldest make room for new ones. */
export abstract class Quarantine {
  /** Resolves when the message is kept; rejects when it could not be. */
  abstract keep(refusal: Refusal): Promise<void>;
}

/** The quarantine in Postgres. */
@Injectable()
export class DatabaseQuarantine extends Quarantine {
  constructor(private readonly queries: QuarantineQueries) {
    super();
  }

  async keep(refusal: Refusal): Promise<void> {
    await this.queries.record({
      topic: refusal.topic,
      sourceId: refusal.sourceId,
      messageId: refusal.messageId,
      reason: refusal.code,
      detail: refusal.reason,
      payload: refusal.payload,
      receivedAt: refusal.receivedAt.toISOString(),
    });
  }
}
