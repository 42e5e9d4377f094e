import { Inject, Injectable } from '@nestjs/common';
import type { BroadcastPriority, EventType } from '@bus/payload-schemas';
import { POSTGRES_POOL } from '@bus/platform';
import type { Kysely } from 'kysely';
import type { Pool } from 'pg';
import type { BroadcastTarget, Database } from '../schema/database-schema.ts';
import { kyselyOver } from '../schema/kysely.ts';
import { storableJson, storableText, storableTextOrNull } from '../storable-values.ts';

/** A broadcast that could not be handed to Redis. `eventId` makes sending it again harmless. */
export interface UndeliveredBroadcast {
  readonly target: BroadcastTarget;
  readonly groupName: string;
  readonly messageType: EventType;
  readonly data: object;
  readonly priority: BroadcastPriority;
  readonly eventId: string;
  readonly taskId: string | null;
  readonly taskName: string | null;
  /** ISO 8601 time of the first attempt. */
  readonly timestamp: string;
}

export interface KeptBroadcast extends UndeliveredBroadcast {
  /** For `done`. */
  readonly id: string;
}

/** Critical broadcasts that wait for Redis. Satisfies `BroadcastOutbox` of `@bus/channel-layer`. */
@Injectable()
export class BroadcastOutboxQueries {
  readonly #db: Kysely<Database>;

  constructor(@Inject(POSTGRES_POOL) private readonly pool: Pool) {
    this.#db = kyselyOver(pool);
  }

  /** Keeps the broadcast, durable when it resolves. The same event for the same group is kept once. */
  async keep(broadcast: UndeliveredBroadcast): Promise<void> {
    await this.#db
      .insertInto('broadcast_outbox')
      .values({
        event_id: storableText(broadcast.eventId),
        group_name: storableText(broadcast.groupName),
        target: broadcast.target,
        message_type: broadcast.messageType,
        priority: broadcast.priority,
        data: storableJson(broadcast.data),
        task_id: storableTextOrNull(broadcast.taskId),
        task_name: storableTextOrNull(broadcast.taskName),
        first_tried_at: broadcast.timestamp,
      })
      .onConflict((conflict) => conflict.columns(['group_name', 'event_id']).doNothing())
      .execute();
  }

  /**
   * The oldest broadcasts, oldest first, at most `limit`. They stay until they are `done`: two relays may send the
   * same one, none is lost with a relay that dies.
   */
  async take(limit: number): Promise<KeptBroadcast[]> {
    const rows = await this.#db
      .selectFrom('broadcast_outbox')
      .selectAll()
      .orderBy('id')
      .limit(limit)
      .execute();
    return rows.map((row) => ({
      id: row.id,
      target: row.target,
      groupName: row.group_name,
      messageType: row.message_type,
      data: row.data,
      priority: row.priority,
      eventId: row.event_id,
      taskId: row.task_id,
      taskName: row.task_name,
      timestamp: row.first_tried_at.toISOString(),
    }));
  }

  /** Lets go of broadcasts that were handed over. Unknown ids are ignored. */
  async done(ids: readonly string[]): Promise<void> {
    await this.pool.query('delete from broadcast_outbox where id::text = any($1::text[])', [[...ids]]);
  }

  /** How many wait, and for how many seconds the oldest has (0 when none). */
  async backlog(): Promise<{ broadcasts: number; oldestAgeSeconds: number }> {
    const { rows } = await this.pool.query<{ broadcasts: string; age: number }>(
      `select count(*) as broadcasts,
        coalesce(extract(epoch from now() - min(kept_at)), 0)::double precision as age from broadcast_outbox`,
    );
    return { broadcasts: Number(rows[0]?.broadcasts ?? 0), oldestAgeSeconds: rows[0]?.age ?? 0 };
  }
}
