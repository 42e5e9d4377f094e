import { Inject, Injectable } from '@nestjs/common';
import { POSTGRES_POOL } from '@bus/platform';
import { sql, type Kysely } from 'kysely';
import type { Pool } from 'pg';
import type { Database } from '../schema/database-schema.ts';
import { kyselyOver } from '../schema/kysely.ts';
import { storableJson, storableText, storableTextOrNull } from '../storable-values.ts';

/** A job that will not be tried again by itself. Its parameters must have been freed of secrets. */
export interface DeadLetter {
  readonly queue: string;
  readonly taskName: string;
  readonly jobId: string;
  readonly params: unknown;
  /** A stable code. */
  readonly reason: string;
  readonly detail: string;
  readonly attempts: number;
  readonly correlationId: string | null;
  readonly failedAt: Date;
}

export interface KeptDeadLetter extends DeadLetter {
  readonly deadLetterId: number;
  readonly status: 'open' | 'requeued' | 'discarded';
  readonly handledBy: number | null;
  readonly handledAt: Date | null;
}

/** Dead jobs, kept until somebody requeues or discards them. For the platform team. */
@Injectable()
export class DeadLetterQueries {
  readonly #db: Kysely<Database>;

  constructor(@Inject(POSTGRES_POOL) pool: Pool) {
    this.#db = kyselyOver(pool);
  }

  /**
   * Keeps the letter, durable when it resolves. The same failure (queue, job and time) is kept once, whoever reports
   * it and however often. Satisfies `DeadLetterStore` of `@bus/task-base`.
   */
  async record(letter: DeadLetter): Promise<void> {
    await this.#db
      .insertInto('dead_letters')
      .values({
        queue: letter.queue,
        task_name: storableText(letter.taskName),
        job_id: storableText(letter.jobId),
        params: storableJson(letter.params),
        reason: storableText(letter.reason),
        detail: storableText(letter.detail),
        attempts: letter.attempts,
        correlation_id: storableTextOrNull(letter.correlationId),
        failed_at: letter.failedAt,
      })
      .onConflict((conflict) => conflict.columns(['queue', 'job_id', 'failed_at']).doNothing())
      .execute();
  }

  /** Letters from the latest on, starting before `beforeId`, at most `limit`. */
  async list(request: {
    limit: number;
    beforeId?: number;
    queue?: string;
    status?: KeptDeadLetter['status'];
  }): Promise<KeptDeadLetter[]> {
    let statement = this.#db
      .selectFrom('dead_letters')
      .selectAll()
      .orderBy('id', 'desc')
      .limit(request.limit);
    if (request.beforeId !== undefined) statement = statement.where('id', '<', String(request.beforeId));
    if (request.queue !== undefined) statement = statement.where('queue', '=', request.queue);
    if (request.status !== undefined) statement = statement.where('status', '=', request.status);
    return (await statement.execute()).map((row) => ({
      deadLetterId: Number(row.id),
      queue: row.queue,
      taskName: row.task_name,
      jobId: row.job_id,
      params: row.params,
      reason: row.reason,
      detail: row.detail,
      attempts: row.attempts,
      correlationId: row.correlation_id,
      failedAt: row.failed_at,
      status: row.status,
      handledBy: row.handled_by,
      handledAt: row.handled_at,
    }));
  }

  /**
   * Takes an open letter out of the way. False when somebody else has done so before: of two who requeue the same
   * letter only one may enqueue its job.
   */
  async close(deadLetterId: number, as: 'requeued' | 'discarded', userId: number | null): Promise<boolean> {
    const result = await this.#db
      .updateTable('dead_letters')
      .set({ status: as, handled_by: userId, handled_at: sql<Date>`now()` })
      .where('id', '=', String(deadLetterId))
      .where('status', '=', 'open')
      .executeTakeFirst();
    return result.numUpdatedRows === 1n;
  }

  /** Open letters by queue; a queue without any is not in the map. */
  async openByQueue(): Promise<Map<string, number>> {
    const rows = await this.#db
      .selectFrom('dead_letters')
      .select((select) => ['queue', select.fn.countAll<string>().as('letters')] as const)
      .where('status', '=', 'open')
      .groupBy('queue')
      .execute();
    return new Map(rows.map((row) => [row.queue, Number(row.letters)]));
  }
}
