import { Inject, Injectable } from '@nestjs/common';
import { POSTGRES_POOL } from '@bus/platform';
import { sql, type Kysely, type Transaction } from 'kysely';
import type { Pool } from 'pg';
import type { Database } from '../schema/database-schema.ts';
import { kyselyOver } from '../schema/kysely.ts';
import { storableText } from '../storable-values.ts';
import type {
  DecidedSlot,
  DueSchedule,
  Schedule,
  ScheduleDefinition,
  SlotDecision,
} from './schedule-records.ts';
import { newScheduleColumns, scheduleColumns, scheduleOf } from './schedule-row.ts';

/** A schedule with an error is looked at again that often: the next worker may know its task. */
const RETRY_SECONDS = 10;

/** Enabled, its time has come or is not worked out, and not set aside for an error. */
const IS_DUE = sql<boolean>`schedules.enabled
  and (schedules.next_slot_at is null or schedules.next_slot_at <= now())
  and (schedules.retry_at is null or schedules.retry_at <= now())`;

/** Schedules as people and programs edit them, and as schedulers work them off. Satisfies `ScheduleStore` of `@bus/task-base`. */
@Injectable()
export class ScheduleQueries {
  readonly #db: Kysely<Database>;

  constructor(@Inject(POSTGRES_POOL) pool: Pool) {
    this.#db = kyselyOver(pool);
  }

  /** All schedules by name. */
  async list(): Promise<Schedule[]> {
    return (await this.#db.selectFrom('schedules').selectAll().orderBy('name').execute()).map(scheduleOf);
  }

  async find(name: string): Promise<Schedule | undefined> {
    const row = await this.#db
      .selectFrom('schedules')
      .selectAll()
      .where('name', '=', storableText(name))
      .executeTakeFirst();
    return row && scheduleOf(row);
  }

  /** Undefined when the name is taken. */
  async add(definition: ScheduleDefinition, createdBy: string | null): Promise<Schedule | undefined> {
    const row = await this.#db
      .insertInto('schedules')
      .values(newScheduleColumns(definition, createdBy))
      .onConflict((conflict) => conflict.column('name').doNothing())
      .returningAll()
      .executeTakeFirst();
    return row && scheduleOf(row);
  }

  /**
   * Changes the given fields of a schedule that is still as it was at `version`. Undefined when it is not: somebody else has
   * edited or deleted it meanwhile.
   */
  async change(
    scheduleId: number,
    version: number,
    changes: Partial<ScheduleDefinition>,
  ): Promise<Schedule | undefined> {
    const columns = scheduleColumns(changes);
    const row = await this.#db
      .updateTable('schedules')
      // An update without columns is no statement; this one changes nothing.
      .set(Object.keys(columns).length > 0 ? columns : { version })
      .where('id', '=', scheduleId)
      .where('version', '=', version)
      .returningAll()
      .executeTakeFirst();
    return row && scheduleOf(row);
  }

  /** Takes its recorded runs along. False when there is none of that name. */
  async remove(name: string): Promise<boolean> {
    const result = await this.#db
      .deleteFrom('schedules')
      .where('name', '=', storableText(name))
      .executeTakeFirst();
    return result.numDeletedRows > 0n;
  }

  /** How many enabled schedules have an error. */
  async countFailing(): Promise<number> {
    const row = await this.#db
      .selectFrom('schedules')
      .select((select) => select.fn.countAll<string>().as('failing'))
      .where('enabled', '=', true)
      .where('last_error', 'is not', null)
      .executeTakeFirst();
    return Number(row?.failing ?? 0);
  }

  /** Whether anything is to be done now, and in how many milliseconds the next slot comes. One cheap query. */
  async outlook(): Promise<{ isDue: boolean; hasPendingRuns: boolean; nextSlotInMs: number | undefined }> {
    const { rows } = await sql<{ is_due: boolean; has_pending: boolean; next_ms: number | null }>`
      select
        exists (select from schedules where ${IS_DUE}) as is_due,
        exists (select from schedule_runs where state in ('due', 'waiting')) as has_pending,
        (select extract(epoch from min(next_slot_at) - now()) * 1000 from schedules
          where enabled and next_slot_at > now() and next_slot_at < 'infinity')::double precision as next_ms
    `.execute(this.#db);
    const [row] = rows;
    return {
      isDue: row?.is_due ?? false,
      hasPendingRuns: row?.has_pending ?? false,
      nextSlotInMs: row?.next_ms ?? undefined,
    };
  }

  /**
   * Takes at most `limit` due schedules no other process is working on, asks `decide` for each, and writes its answers: the
   * runs, the next slot, or the error. All of it is committed when this resolves, nothing when it rejects. A slot that has
   * been decided before is not decided again.
   */
  async decideDue(
    limit: number,
    decide: (due: DueSchedule) => SlotDecision,
  ): Promise<{ readonly due: DueSchedule; readonly decision: SlotDecision }[]> {
    return this.#db.transaction().execute(async (transaction) => {
      const due = await lockDue(transaction, limit);
      const decided = due.map((one) => ({ due: one, decision: decide(one) }));
      for (const { due: one, decision } of decided) await write(transaction, one, decision);
      return decided;
    });
  }
}

async function lockDue(transaction: Transaction<Database>, limit: number): Promise<DueSchedule[]> {
  const rows = await transaction
    .selectFrom('schedules')
    .selectAll()
    .select(sql<Date>`now()`.as('database_now'))
    .where(IS_DUE)
    .orderBy(sql`next_slot_at nulls first`)
    .limit(limit)
    .forUpdate()
    .skipLocked()
    .execute();
  if (rows.length === 0) return [];
  // A statement of its own, after the locks: only now does it see the runs of whoever held them before.
  const counts = await transaction
    .selectFrom('schedule_runs')
    .select('schedule_id')
    .select(sql<number>`(count(*) filter (where state <> 'waiting'))::int`.as('open_runs'))
    .select(sql<number>`(count(*) filter (where state = 'waiting'))::int`.as('waiting_runs'))
    .where(
      'schedule_id',
      'in',
      rows.map(({ id }) => id),
    )
    .where('state', 'in', ['due', 'waiting', 'enqueued'])
    .groupBy('schedule_id')
    .execute();
  const countOf = new Map(counts.map((count) => [count.schedule_id, count]));
  return rows.map((row) => ({
    schedule: scheduleOf(row),
    now: row.database_now,
    openRuns: countOf.get(row.id)?.open_runs ?? 0,
    waitingRuns: countOf.get(row.id)?.waiting_runs ?? 0,
  }));
}

async function write(
  transaction: Transaction<Database>,
  { schedule }: DueSchedule,
  decision: SlotDecision,
): Promise<void> {
  if (!decision.ok) {
    await transaction
      .updateTable('schedules')
      .set({
        last_error: storableText(decision.error),
        retry_at: sql<Date>`now() + make_interval(secs => ${RETRY_SECONDS})`,
      })
      .where('id', '=', schedule.scheduleId)
      .execute();
    return;
  }
  await insertRuns(transaction, schedule, decision.slots);
  const lastSlotAt = decision.slots.at(-1)?.slotAt ?? schedule.lastSlotAt;
  await transaction
    .updateTable('schedules')
    .set({
      next_slot_at: decision.nextSlotAt ?? 'infinity',
      last_slot_at: lastSlotAt,
      last_error: null,
      retry_at: null,
    })
    .where('id', '=', schedule.scheduleId)
    .execute();
}

/** Task and parameters are those of the schedule at this moment, whatever becomes of it before the job runs. */
async function insertRuns(
  transaction: Transaction<Database>,
  schedule: Schedule,
  slots: readonly DecidedSlot[],
): Promise<void> {
  if (slots.length === 0) return;
  await sql`
    insert into schedule_runs (schedule_id, task_name, params, slot_at, cause, state, reason, slots, finished_at)
    select schedules.id, schedules.task_name, schedules.params, slot.*,
      case slot.state when 'skipped' then now() end
    from schedules, unnest(
      ${slots.map(({ slotAt }) => slotAt.toISOString())}::timestamptz[],
      ${slots.map(({ cause }) => cause)}::text[],
      ${slots.map(({ state }) => state)}::text[],
      ${slots.map(({ reason }) => reason)}::text[],
      ${slots.map((slot) => slot.slots)}::int[]
    ) as slot (slot_at, cause, state, reason, slots)
    where schedules.id = ${schedule.scheduleId}
    on conflict (schedule_id, slot_at) where cause <> 'manual' do nothing
  `.execute(transaction);
}
