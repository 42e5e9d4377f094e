import { Inject, Injectable } from '@nestjs/common';
import { POSTGRES_POOL } from '@bus/platform';
import { sql, type Kysely } from 'kysely';
import type { Pool } from 'pg';
import type { Database } from '../schema/database-schema.ts';
import { kyselyOver } from '../schema/kysely.ts';
import { storableText, storableTextOrNull, storableTime } from '../storable-values.ts';

/** A message that was refused, as it came. */
export interface RefusedMessage {
  readonly topic: string;
  /** The MQTT username or the id in the topic, when it is known. */
  readonly sourceId: string | null;
  readonly messageId: string | null;
  /** A stable code, e.g. `schema`. */
  readonly reason: string;
  readonly detail?: string | null;
  readonly payload: Buffer;
  /** ISO 8601. */
  readonly receivedAt: string;
}

export interface QuarantinedMessage extends Required<RefusedMessage> {
  readonly quarantineId: number;
  /** Size on the wire. */
  readonly payloadBytes: number;
  /** The payload was larger than the quarantine keeps; it can be looked at but not replayed. */
  readonly isTruncated: boolean;
  readonly replayedAt: string | null;
}

/** What the quarantine holds at most; together a few hundred megabytes. */
export const QUARANTINE_LIMITS = {
  messages: 10_000,
  /** So that one broken device cannot push out what all the others left. */
  messagesPerSource: 200,
  payloadBytes: 64 * 1024,
} as const;

/** Refused messages, for the platform team. Bounded: the oldest leave as new ones come. */
@Injectable()
export class QuarantineQueries {
  readonly #db: Kysely<Database>;

  constructor(@Inject(POSTGRES_POOL) private readonly pool: Pool) {
    this.#db = kyselyOver(pool);
  }

  /** Keeps the message, durable when it resolves, and lets go of those beyond the limits. */
  async record(
    message: RefusedMessage,
    limits: { messages: number; messagesPerSource: number } = QUARANTINE_LIMITS,
  ): Promise<number> {
    const kept = await this.#db
      .insertInto('quarantine')
      .values({
        topic: storableText(message.topic),
        source_id: storableTextOrNull(message.sourceId?.slice(0, 256)),
        message_id: storableTextOrNull(message.messageId),
        reason: storableText(message.reason),
        detail: storableTextOrNull(message.detail),
        payload: message.payload.subarray(0, QUARANTINE_LIMITS.payloadBytes),
        payload_bytes: message.payload.length,
        received_at: storableTime(message.receivedAt) ?? new Date().toISOString(),
      })
      .returning(['id', 'source_id'])
      .executeTakeFirstOrThrow();
    await this.#trim(kept.id, kept.source_id, limits);
    return Number(kept.id);
  }

  /** Messages from the latest on, starting before `beforeId`, at most `limit`. */
  async list(request: {
    limit: number;
    beforeId?: number;
    sourceId?: string;
    reason?: string;
  }): Promise<QuarantinedMessage[]> {
    let statement = this.#db.selectFrom('quarantine').selectAll().orderBy('id', 'desc').limit(request.limit);
    if (request.beforeId !== undefined) statement = statement.where('id', '<', String(request.beforeId));
    if (request.sourceId !== undefined) statement = statement.where('source_id', '=', request.sourceId);
    if (request.reason !== undefined) statement = statement.where('reason', '=', request.reason);
    return (await statement.execute()).map((row) => ({
      quarantineId: Number(row.id),
      topic: row.topic,
      sourceId: row.source_id,
      messageId: row.message_id,
      reason: row.reason,
      detail: row.detail,
      payload: row.payload,
      payloadBytes: row.payload_bytes,
      isTruncated: row.payload_bytes > row.payload.length,
      receivedAt: row.received_at.toISOString(),
      replayedAt: row.replayed_at?.toISOString() ?? null,
    }));
  }

  /** Notes that the message was sent through ingest again. */
  async markReplayed(quarantineId: number): Promise<void> {
    await this.#db
      .updateTable('quarantine')
      .set({ replayed_at: sql<Date>`now()` })
      .where('id', '=', String(quarantineId))
      .execute();
  }

  async count(): Promise<number> {
    const row = await this.#db
      .selectFrom('quarantine')
      .select((select) => select.fn.countAll<string>().as('messages'))
      .executeTakeFirstOrThrow();
    return Number(row.messages);
  }

  /** Ids rise by one for each message (gaps only make it keep fewer), so the total needs no counting. */
  async #trim(
    latestId: string,
    sourceId: string | null,
    limits: { messages: number; messagesPerSource: number },
  ): Promise<void> {
    await this.pool.query({
      name: 'trim_quarantine',
      text: `
        delete from quarantine where id <= $1::bigint - $2::bigint or id in (
          select id from quarantine where source_id = $3 order by id desc offset $4 limit 100)`,
      values: [latestId, limits.messages, sourceId, limits.messagesPerSource],
    });
  }
}
