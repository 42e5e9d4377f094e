import { Inject, Injectable } from '@nestjs/common';
import { POSTGRES_POOL } from '@bus/platform';
import { sql, type Kysely } from 'kysely';
import type { Pool } from 'pg';
import type { Database } from '../schema/database-schema.ts';
import { kyselyOver } from '../schema/kysely.ts';
import { storableJson, storableText, storableTextOrNull } from '../storable-values.ts';
import type { DueRun, OpenRun, ScheduleRun } from './schedule-records.ts';
import { scheduleRunOf } from './schedule-row.ts';

/** A claimed run is left to the one who claimed it for that long; then it must have died, and another one may. */
const LEASE_SECONDS = 10;

/** What people can still look up: runs beyond either limit are deleted, the oldest first. Open ones stay. */
const KEPT_RUNS_PER_SCHEDULE = 1_000;
const KEPT_DAYS = 90;

interface DueRunRow {
  run_id: string;
  schedule_id: number;
  schedule_name: string;
  slot_at: Date;
  cause: DueRun['cause'];
  task_name: string;
  params: unknown;
  jitter_seconds: number;
  late_ms: number;
  recoveries: number;
}

/** Runs of schedules on their way through Redis. Satisfies `ScheduleRunStore` of `@bus/task-base`. */
@Injectable()
export class ScheduleRunQueries {
  readonly #db: Kysely<Database>;

  constructor(@Inject(POSTGRES_POOL) pool: Pool) {
    this.#db = kyselyOver(pool);
  }

  /** The latest runs of a schedule, newest slot first, at most `limit`. */
  async list(scheduleId: number, limit: number): Promise<ScheduleRun[]> {
    const rows = await this.#db
      .selectFrom('schedule_runs')
      .selectAll()
      .where('schedule_id', '=', scheduleId)
      .orderBy('slot_at', 'desc')
      .orderBy('id', 'desc')
      .limit(limit)
      .execute();
    return rows.map(scheduleRunOf);
  }

  /** The run with the name of its schedule; undefined when there is none (any more). */
  async find(runId: string): Promise<(ScheduleRun & { readonly scheduleName: string }) | undefined> {
    const row = await this.#db
      .selectFrom('schedule_runs')
      .innerJoin('schedules', 'schedules.id', 'schedule_runs.schedule_id')
      .selectAll('schedule_runs')
      .select('schedules.name as schedule_name')
      .where('schedule_runs.id', '=', runId)
      .executeTakeFirst();
    return row && { ...scheduleRunOf(row), scheduleName: row.schedule_name };
  }

  /** A run outside the slots, due at once. */
  async addManual(scheduleId: number, taskName: string, params: unknown): Promise<ScheduleRun> {
    const row = await this.#db
      .insertInto('schedule_runs')
      .values({
        schedule_id: scheduleId,
        slot_at: sql<Date>`now()`,
        cause: 'manual',
        state: 'due',
        task_name: storableText(taskName),
        params: storableJson(params),
      })
      .returningAll()
      .executeTakeFirstOrThrow();
    return scheduleRunOf(row);
  }

  /**
   * Lets the oldest waiting run of each schedule go when no earlier one is open any more. Of a schedule that was paused
   * meanwhile it is skipped.
   */
  async releaseWaiting(): Promise<void> {
    await sql`
      update schedule_runs run set
        state = case when schedules.enabled then 'due' else 'skipped' end,
        reason = case when schedules.enabled then run.reason else 'paused while it waited' end,
        finished_at = case when schedules.enabled then null else now() end,
        look_at = now()
      from schedules
      where schedules.id = run.schedule_id and run.state = 'waiting'
        and run.id = (
          select oldest.id from schedule_runs oldest
          where oldest.schedule_id = run.schedule_id and oldest.state = 'waiting'
          order by oldest.slot_at, oldest.id limit 1)
        and not exists (
          select from schedule_runs other
          where other.schedule_id = run.schedule_id and other.state in ('due', 'enqueued'))
    `.execute(this.#db);
  }

  /** Claims at most `limit` runs to be enqueued, oldest slot first. Nobody else gets them for ten seconds. */
  async claimDue(limit: number): Promise<DueRun[]> {
    const { rows } = await sql<DueRunRow>`
      update schedule_runs run set look_at = now() + make_interval(secs => ${LEASE_SECONDS})
      from schedules
      where schedules.id = run.schedule_id and run.id in (
        select id from schedule_runs where state = 'due' and look_at <= now()
        order by slot_at, id limit ${limit} for update skip locked)
      returning run.id as run_id, run.schedule_id, schedules.name as schedule_name, run.slot_at, run.cause,
        run.task_name, run.params, schedules.jitter_seconds, run.recoveries,
        (extract(epoch from now() - run.slot_at) * 1000)::double precision as late_ms
    `.execute(this.#db);
    return rows.toSorted((a, b) => a.slot_at.getTime() - b.slot_at.getTime()).map(dueRunOf);
  }

  /** The job is in Redis. A run that has ended already stays as it is. */
  async markEnqueued(
    runId: string,
    job: { queue: string; jobId: string; redisLineage: string },
  ): Promise<void> {
    await this.#db
      .updateTable('schedule_runs')
      .set({
        state: 'enqueued',
        queue: job.queue,
        job_id: job.jobId,
        redis_lineage: job.redisLineage,
        enqueued_at: sql<Date>`now()`,
        look_at: sql<Date>`now() + make_interval(secs => ${LEASE_SECONDS})`,
      })
      .where('id', '=', runId)
      .where('state', '=', 'due')
      .execute();
  }

  /** Claims at most `limit` enqueued runs nobody has looked at for ten seconds. */
  async claimOpen(limit: number): Promise<OpenRun[]> {
    const { rows } = await sql<{
      run_id: string;
      schedule_name: string;
      queue: string;
      job_id: string;
      redis_lineage: string;
    }>`
      update schedule_runs run set look_at = now() + make_interval(secs => ${LEASE_SECONDS})
      from schedules
      where schedules.id = run.schedule_id and run.id in (
        select id from schedule_runs where state = 'enqueued' and look_at <= now()
        order by look_at limit ${limit} for update skip locked)
      returning run.id as run_id, schedules.name as schedule_name, run.queue, run.job_id, run.redis_lineage
    `.execute(this.#db);
    return rows.map((row) => ({
      runId: row.run_id,
      scheduleName: row.schedule_name,
      queue: row.queue,
      jobId: row.job_id,
      redisLineage: row.redis_lineage,
    }));
  }

  /** Its job was lost with Redis: due again, under the same job id. */
  async markLost(runId: string): Promise<void> {
    await sql`
      update schedule_runs set state = 'due', recoveries = recoveries + 1, look_at = now()
      where id = ${runId} and state = 'enqueued'
    `.execute(this.#db);
  }

  /**
   * Notes that a handler is about to run, and in which job: the one who enqueued it may have died before it could. False when the run has succeeded before: this job is a late copy and must not run.
   * True also for a run that is not recorded (any more).
   */
  async start(runId: string, job: { queue: string; jobId: string }): Promise<boolean> {
    const { rows } = await sql<{ state: string }>`
      with started as (
        update schedule_runs set started_at = coalesce(started_at, now()), enqueued_at = coalesce(enqueued_at, now()),
          queue = ${job.queue}, job_id = ${storableText(job.jobId)}
        where id = ${runId} and state <> 'succeeded')
      select state from schedule_runs where id = ${runId}
    `.execute(this.#db);
    return rows[0]?.state !== 'succeeded';
  }

  /**
   * Writes how a run ended; durable when it resolves. A failed or removed run may succeed later, never the other way round,
   * and only a run that counts as enqueued can be found removed.
   */
  async settle(
    runId: string,
    end: { state: 'succeeded' | 'failed' | 'removed'; reason: string | null },
  ): Promise<void> {
    await this.#db
      .updateTable('schedule_runs')
      .set({ state: end.state, reason: storableTextOrNull(end.reason), finished_at: sql<Date>`now()` })
      .where('id', '=', runId)
      .where('state', 'in', end.state === 'removed' ? ['enqueued'] : ['due', 'enqueued', 'failed', 'removed'])
      .execute();
  }

  /** Deletes runs past their retention, at most `limit`; returns how many. */
  async purge(limit: number): Promise<number> {
    const { numAffectedRows } = await sql`
      delete from schedule_runs where id in (
        select id from (
          select id, decided_at, row_number() over (partition by schedule_id order by slot_at desc, id desc) as place
          from schedule_runs where state not in ('due', 'waiting', 'enqueued')) ended
        where place > ${KEPT_RUNS_PER_SCHEDULE} or decided_at < now() - make_interval(days => ${KEPT_DAYS})
        limit ${limit})
    `.execute(this.#db);
    return Number(numAffectedRows ?? 0);
  }
}

function dueRunOf(row: DueRunRow): DueRun {
  return {
    runId: row.run_id,
    scheduleId: row.schedule_id,
    scheduleName: row.schedule_name,
    slotAt: row.slot_at,
    cause: row.cause,
    taskName: row.task_name,
    params: row.params,
    jitterSeconds: row.jitter_seconds,
    lateMs: row.late_ms,
    recoveries: row.recoveries,
  };
}
