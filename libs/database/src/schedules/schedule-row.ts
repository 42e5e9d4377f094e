import type { Insertable, Selectable, Updateable } from 'kysely';
import type { ScheduleRunsTable, SchedulesTable } from '../schema/database-schema.ts';
import { storableJson, storableText } from '../storable-values.ts';
import type { Schedule, ScheduleDefinition, ScheduleRun } from './schedule-records.ts';

export function scheduleOf(row: Selectable<SchedulesTable>): Schedule {
  return {
    scheduleId: row.id,
    name: row.name,
    taskName: row.task_name,
    params: row.params,
    cron: row.cron,
    everySeconds: row.every_seconds,
    timeZone: row.time_zone,
    enabled: row.enabled,
    catchUp: row.catch_up,
    catchUpLimit: row.catch_up_limit,
    overlap: row.overlap,
    jitterSeconds: row.jitter_seconds,
    startsAt: row.starts_at,
    endsAt: row.ends_at,
    nextSlotAt: row.next_slot_at instanceof Date ? row.next_slot_at : null,
    isEnded: typeof row.next_slot_at === 'number',
    lastSlotAt: row.last_slot_at,
    lastError: row.last_error,
    createdBy: row.created_by,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    version: row.version,
  };
}

/** Only the fields given, so that an edit touches nothing else. */
export function scheduleColumns(changes: Partial<ScheduleDefinition>): Updateable<SchedulesTable> {
  const columns: Updateable<SchedulesTable> = {
    name: changes.name,
    task_name: changes.taskName,
    params: changes.params === undefined ? undefined : storableJson(changes.params),
    cron: typeof changes.cron === 'string' ? storableText(changes.cron) : changes.cron,
    every_seconds: changes.everySeconds,
    time_zone: changes.timeZone,
    enabled: changes.enabled,
    catch_up: changes.catchUp,
    catch_up_limit: changes.catchUpLimit,
    overlap: changes.overlap,
    jitter_seconds: changes.jitterSeconds,
    starts_at: changes.startsAt,
    ends_at: changes.endsAt,
  };
  return Object.fromEntries(Object.entries(columns).filter(([, value]) => value !== undefined));
}

export function newScheduleColumns(
  definition: ScheduleDefinition,
  createdBy: string | null,
): Insertable<SchedulesTable> {
  return {
    ...(scheduleColumns(definition) as Insertable<SchedulesTable>),
    created_by: createdBy === null ? null : storableText(createdBy),
  };
}

export function scheduleRunOf(row: Selectable<ScheduleRunsTable>): ScheduleRun {
  return {
    runId: row.id,
    scheduleId: row.schedule_id,
    slotAt: row.slot_at,
    cause: row.cause,
    state: row.state,
    reason: row.reason,
    slots: row.slots,
    taskName: row.task_name,
    queue: row.queue,
    jobId: row.job_id,
    recoveries: row.recoveries,
    decidedAt: row.decided_at,
    enqueuedAt: row.enqueued_at,
    startedAt: row.started_at,
    finishedAt: row.finished_at,
  };
}
