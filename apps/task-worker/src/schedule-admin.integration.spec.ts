import { ScheduleQueries, ScheduleRunQueries, migrate } from '@bus/database';
import { createPostgresPool } from '@bus/platform';
import { ScheduleAdmin, isScheduleError } from '@bus/task-base';
import type { NewSchedule, ScheduleProblem, TaskDefinition } from '@bus/task-base';
import { createDatabase } from '@bus/testing';
import type { PostgresDatabase } from '@bus/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { NOTE_EXECUTION } from './fixtures/schedule-replica.fixture.ts';

describe('ScheduleAdmin', () => {
  let database: PostgresDatabase;
  let pool: ReturnType<typeof createPostgresPool>;
  let admin: ScheduleAdmin;

  beforeAll(async () => {
    database = await createDatabase(inject('databaseUrl'));
    pool = createPostgresPool({ DATABASE_URL: database.url, DATABASE_POOL_SIZE: 3 });
    await migrate(pool);
    admin = new ScheduleAdmin(new ScheduleQueries(pool), new ScheduleRunQueries(pool), [
      NOTE_EXECUTION,
    ] as TaskDefinition[]);
  });
  beforeEach(() => pool.query('truncate schedules, schedule_runs'));
  afterAll(async () => {
    await pool.end();
    await database.drop();
  });

  const NIGHTLY: NewSchedule = {
    name: 'nightly',
    taskName: 'note_execution',
    params: { label: 'night' },
    cron: '30 2 * * *',
    timeZone: 'Europe/Berlin',
  };
  /** The code of a refusal, and the fields it names. */
  async function refusal(work: Promise<unknown>): Promise<string[]> {
    const error: unknown = await work.then(
      () => undefined,
      (reason: unknown) => reason,
    );
    if (!isScheduleError(error)) throw new Error('not refused', { cause: error });
    const problems = 'problems' in error ? (error.problems as ScheduleProblem[]) : [];
    return [error.code, ...problems.map(({ field }) => field)];
  }

  it('adds with defaults that fit most schedules', async () => {
    expect(await admin.add({ ...NIGHTLY, createdBy: 'kim', overlap: undefined })).toMatchObject({
      ...NIGHTLY,
      everySeconds: null,
      enabled: true,
      catchUp: 'once',
      catchUpLimit: 100,
      overlap: 'skip',
      jitterSeconds: 0,
      startsAt: null,
      createdBy: 'kim',
    });
    expect((await admin.list()).map(({ name }) => name)).toEqual(['nightly']);
  });

  it('names every field that cannot work, all at once', async () => {
    const hopeless = {
      ...NIGHTLY,
      name: 'no spaces, please',
      cron: '99 2 * * *',
      timeZone: 'Mars/Phobos',
      params: { label: 7 },
      catchUp: 'some' as never,
      overlap: 'never' as never,
      catchUpLimit: 0,
      jitterSeconds: 1.5,
      startsAt: new Date('2027-01-02'),
      endsAt: new Date('2027-01-01'),
    };
    const named = await refusal(admin.add(hopeless));
    expect(named.toSorted()).toEqual(
      [
        'SCHEDULE_INVALID',
        'name',
        'cron',
        'time_zone',
        'params.label',
        'catch_up',
        'overlap',
        'catch_up_limit',
        'jitter_seconds',
        'ends_at',
      ].toSorted(),
    );
    expect(await refusal(admin.add({ ...NIGHTLY, taskName: 'nobody' }))).toEqual([
      'SCHEDULE_INVALID',
      'task_name',
    ]);
    expect(await refusal(admin.add({ ...NIGHTLY, everySeconds: 5 }))).toEqual(['SCHEDULE_INVALID', 'cron']);
    expect(await refusal(admin.add({ ...NIGHTLY, startsAt: new Date('?') }))).toContain('starts_at');
    expect(await admin.list()).toEqual([]);
  });

  it('changes what is given, and one timing takes the place of the other', async () => {
    await admin.add(NIGHTLY);
    expect(await admin.set('nightly', { everySeconds: 60 })).toMatchObject({ cron: null, everySeconds: 60 });
    expect(await admin.set('nightly', { cron: '0 3 * * *' })).toMatchObject({
      cron: '0 3 * * *',
      everySeconds: null,
      params: { label: 'night' },
    });
    expect(await refusal(admin.set('nightly', { cron: '?' }))).toEqual(['SCHEDULE_INVALID', 'cron']);
    expect(await refusal(admin.set('nightly', { params: {} }))).toEqual(['SCHEDULE_INVALID', 'params.label']);
    expect((await admin.get('nightly')).cron).toBe('0 3 * * *');
  });

  it('pauses and resumes, whatever else is wrong with the schedule', async () => {
    await admin.add(NIGHTLY);
    await pool.query(`update schedules set time_zone = 'Mars/Phobos'`);
    expect(await admin.pause('nightly')).toMatchObject({ enabled: false });
    expect(await admin.pause('nightly')).toMatchObject({ enabled: false });
    expect(await admin.resume('nightly')).toMatchObject({ enabled: true });
    expect(admin.upcoming(await admin.get('nightly'))).toEqual([]);
  });

  it('tells the slots to come', async () => {
    const schedule = await admin.add(NIGHTLY);
    expect(
      admin.upcoming(schedule, 3, new Date('2026-10-24T00:00Z')).map((slot) => slot.toISOString()),
    ).toEqual(['2026-10-24T00:30:00.000Z', '2026-10-25T00:30:00.000Z', '2026-10-26T01:30:00.000Z']);
  });

  it('notes a run by hand with its own parameters, and refuses wrong ones', async () => {
    await admin.add(NIGHTLY);
    expect(await admin.run('nightly')).toMatchObject({ cause: 'manual', state: 'due' });
    await admin.run('nightly', { params: { label: 'other' } });
    expect(await refusal(admin.run('nightly', { params: { label: 1 } }))).toEqual([
      'SCHEDULE_INVALID',
      'params.label',
    ]);
    expect(await admin.history('nightly')).toHaveLength(2);
    const { rows } = await pool.query('select params from schedule_runs order by id');
    expect(rows).toEqual([{ params: { label: 'night' } }, { params: { label: 'other' } }]);
  });

  it('says so when there is none of that name, or one already', async () => {
    for (const work of [
      () => admin.get('none'),
      () => admin.set('none', {}),
      () => admin.pause('none'),
      () => admin.resume('none'),
      () => admin.run('none'),
      () => admin.history('none'),
      () => admin.delete('none'),
    ]) {
      expect(await refusal(work())).toEqual(['SCHEDULE_NOT_FOUND']);
    }
    await admin.add(NIGHTLY);
    expect(await refusal(admin.add(NIGHTLY))).toEqual(['SCHEDULE_NAME_TAKEN']);
    await admin.delete('nightly');
    expect(await refusal(admin.get('nightly'))).toEqual(['SCHEDULE_NOT_FOUND']);
  });

  it('lets one of two who edit at the same time win, and tells the other', async () => {
    await admin.add(NIGHTLY);
    const results = await Promise.allSettled([
      admin.set('nightly', { jitterSeconds: 1 }),
      admin.set('nightly', { jitterSeconds: 2 }),
    ]);
    const refused = results.filter((result) => result.status === 'rejected');
    for (const { reason } of refused)
      expect(reason).toMatchObject({ code: 'SCHEDULE_CHANGED', isRetryable: true });
    expect(results.length - refused.length).toBeGreaterThanOrEqual(1);
    expect((await admin.get('nightly')).version).toBe(1 + results.length - refused.length);
  });
});
