import { Inject, Injectable } from '@nestjs/common';
import { POSTGRES_POOL } from '@bus/platform';
import { sql, type Kysely, type Selectable } from 'kysely';
import type { Pool } from 'pg';
import type { Database, DeadLettersTable } from '../schema/database-schema.ts';
import { kyselyOver } from '../schema/kysely.ts';
import { storableJson, storableText, storableTextOrNull } from '../storable-values.ts';
import { conditionsOf, type DeadLetterSearch } from './dead-letter-search.ts';

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

  constructor(@Inject(POSTGRES_POOL) private readonly pool: Pool) {
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
  list(request: {
    limit: number;
    beforeId?: number;
    queue?: string;
    status?: KeptDeadLetter['status'];
  }): Promise<KeptDeadLetter[]> {
    return this.search(request);
  }

  /**
   * Letters that fit, from the latest on. By an index whatever is asked for, so that it is as fast among a hundred thousand letters as
   * among ten.
   *
   * @throws RangeError for a parameter's path of more than six steps
   */
  async search(search: DeadLetterSearch): Promise<KeptDeadLetter[]> {
    const conditions = conditionsOf(search);
    let statement = this.#db.selectFrom('dead_letters').selectAll();
    for (const condition of conditions) statement = statement.where(condition);
    const rows = await statement.orderBy('id', 'desc').limit(search.limit).execute();
    return rows.map(letterOf);
  }

  async find(deadLetterId: number): Promise<KeptDeadLetter | undefined> {
    const row = await this.#db
      .selectFrom('dead_letters')
      .selectAll()
      .where('id', '=', String(deadLetterId))
      .executeTakeFirst();
    return row === undefined ? undefined : letterOf(row);
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

  /** Takes back a close as 'requeued' that came to nothing; a letter in any other state stays as it is. */
  async reopen(deadLetterId: number): Promise<void> {
    await this.#db
      .updateTable('dead_letters')
      .set({ status: 'open', handled_by: null, handled_at: null })
      .where('id', '=', String(deadLetterId))
      .where('status', '=', 'requeued')
      .execute();
  }

  /** Deletes letters handled more than `keptDays` ago, at most `limit`, the oldest first; returns how many. Open ones stay. */
  async purgeHandled(keptDays: number, limit: number): Promise<number> {
    const { rowCount } = await this.pool.query(
      `delete from dead_letters where id in (
         select id from dead_letters
         where status <> 'open' and handled_at < now() - make_interval(days => $1)
         order by handled_at limit $2 for update skip locked)`,
      [keptDays, limit],
    );
    return rowCount ?? 0;
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

function letterOf(row: Selectable<DeadLettersTable>): KeptDeadLetter {
  return {
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
  };
}
