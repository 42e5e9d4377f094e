import { createDatabase } from '@bus/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { migratedDatabase, type TestDatabase } from '../fixtures/test-database.fixture.ts';
import type { DecidedSlot, DueSchedule, ScheduleDefinition, SlotDecision } from './schedule-records.ts';
import { ScheduleQueries } from './schedule.queries.ts';
import { ScheduleRunQueries } from './schedule-run.queries.ts';

let database: TestDatabase;
let schedules: ScheduleQueries;
let runs: ScheduleRunQueries;

beforeAll(async () => {
  database = await migratedDatabase(await createDatabase(inject('databaseUrl')));
  schedules = new ScheduleQueries(database.pool);
  runs = new ScheduleRunQueries(database.pool);
});
afterAll(() => database.close());
beforeEach(() => database.pool.query('truncate schedules, schedule_runs restart identity'));

const minutely: ScheduleDefinition = {
  name: 'minutely',
  taskName: 'echo',
  params: { text: 'hello' },
  cron: '* * * * *',
  everySeconds: null,
  timeZone: 'Europe/Berlin',
  enabled: true,
  catchUp: 'once',
  catchUpLimit: 10,
  overlap: 'skip',
  jitterSeconds: 5,
  startsAt: null,
  endsAt: new Date('2099-01-01T00:00:00Z'),
};

async function add(changes: Partial<ScheduleDefinition> = {}): Promise<number> {
  const schedule = await schedules.add({ ...minutely, ...changes }, 'spec');
  return schedule!.scheduleId;
}

const slot = (changes: Partial<DecidedSlot> = {}): DecidedSlot => ({
  slotAt: new Date('2026-01-01T10:00:00Z'),
  cause: 'slot',
  state: 'due',
  reason: null,
  slots: 1,
  ...changes,
});

const NEXT = new Date('2098-01-01T00:00:00Z');
const deciding =
  (...slots: DecidedSlot[]) =>
  (): SlotDecision => ({ ok: true, slots, nextSlotAt: NEXT });

/** An edit as an operator makes it, past every API. */
const edit = (set: string) => database.pool.query(`update schedules set ${set} where name = 'minutely'`);
const stateOf = async (scheduleId: number) =>
  (await runs.list(scheduleId, 100)).map(({ state }) => state).toReversed();
const JOB = { queue: 'critical', jobId: 'j' };
const claimOne = async (): Promise<string> => {
  const [run] = await runs.claimDue(1);
  return run!.runId;
};
const letLeasesEnd = () => database.pool.query('update schedule_runs set look_at = now()');

describe('ScheduleQueries', () => {
  it('gives back what was added, by name and in the list', async () => {
    const added = await schedules.add(minutely, 'spec');
    expect(added).toMatchObject({
      ...minutely,
      nextSlotAt: null,
      isEnded: false,
      lastError: null,
      createdBy: 'spec',
      version: 1,
    });
    expect(await schedules.find('minutely')).toEqual(added);
    expect(await schedules.list()).toEqual([added]);
    expect(await schedules.find('no such\u0000name')).toBeUndefined();
  });

  it('takes a name once', async () => {
    await add();
    expect(await schedules.add({ ...minutely, cron: '0 0 * * *' }, null)).toBeUndefined();
    expect((await schedules.find('minutely'))?.cron).toBe('* * * * *');
  });

  it('changes what is given, and only what nobody else has edited meanwhile', async () => {
    const scheduleId = await add();
    const changed = await schedules.change(scheduleId, 1, { cron: null, everySeconds: 30 });
    expect(changed).toMatchObject({ cron: null, everySeconds: 30, timeZone: 'Europe/Berlin', version: 2 });
    expect(await schedules.change(scheduleId, 1, { enabled: false })).toBeUndefined();
    expect((await schedules.change(scheduleId, 2, {}))?.version).toBe(2);
  });

  it('removes a schedule with its runs', async () => {
    const scheduleId = await add();
    await runs.addManual(scheduleId, 'echo', {});
    expect(await schedules.remove('minutely')).toBe(true);
    expect(await schedules.remove('minutely')).toBe(false);
    expect(await runs.list(scheduleId, 10)).toEqual([]);
  });

  it.each([
    [`cron = null`, 'schedules_cron_or_interval'],
    [`every_seconds = 5`, 'schedules_cron_or_interval'],
    [`overlap = 'never'`, 'schedules_overlap_check'],
    [`catch_up = 'some'`, 'schedules_catch_up_check'],
    [`jitter_seconds = -1`, 'schedules_jitter_seconds_check'],
    [`starts_at = ends_at`, 'schedules_end_after_start'],
    [`name = 'with space'`, 'schedules_name_check'],
  ])('refuses %s', async (set, constraint) => {
    await add();
    await expect(edit(set)).rejects.toThrow(constraint);
  });
});

describe('an edit with SQL', () => {
  it.each([
    [`cron = '0 3 * * *'`],
    [`cron = null, every_seconds = 60`],
    [`time_zone = 'America/New_York'`],
    [`enabled = false`],
    [`starts_at = '2030-01-01'`],
    [`ends_at = null`],
  ])('of the timing (%s) has the next slot worked out anew', async (set) => {
    await add();
    await schedules.decideDue(10, deciding());
    await edit(set);
    expect(await schedules.find('minutely')).toMatchObject({ nextSlotAt: null, version: 2 });
  });

  it.each([[`params = '{}'`], [`jitter_seconds = 1`], [`task_name = 'other'`], [`overlap = 'allow'`]])(
    'of anything else (%s) leaves the next slot',
    async (set) => {
      await add();
      await schedules.decideDue(10, deciding());
      await edit(set);
      expect(await schedules.find('minutely')).toMatchObject({ nextSlotAt: NEXT, version: 2 });
    },
  );

  it('takes an error away, so that the schedule is looked at again at once', async () => {
    await add();
    await schedules.decideDue(10, () => ({ ok: false, error: 'cannot be' }));
    expect(await schedules.find('minutely')).toMatchObject({ lastError: 'cannot be', version: 1 });
    expect(await schedules.decideDue(10, deciding())).toEqual([]);
    await edit(`task_name = 'other'`);
    expect(await schedules.find('minutely')).toMatchObject({ lastError: null });
    expect(await schedules.decideDue(10, deciding())).toHaveLength(1);
  });

  it('that changes nothing counts as none', async () => {
    await add();
    await schedules.decideDue(10, deciding());
    await edit(`cron = cron, params = params, enabled = enabled`);
    expect(await schedules.find('minutely')).toMatchObject({ nextSlotAt: NEXT, version: 1 });
  });
});

describe('decideDue', () => {
  it('offers what is new or due, with what is open, by the clock of the database', async () => {
    const scheduleId = await add();
    await runs.addManual(scheduleId, 'echo', {});
    await add({ name: 'paused', enabled: false });
    await add({ name: 'later' });
    await database.pool.query(
      `update schedules set next_slot_at = now() + interval '1 hour' where name = 'later'`,
    );
    const offered: DueSchedule[] = [];
    await schedules.decideDue(10, (due) => {
      offered.push(due);
      return deciding()();
    });
    expect(offered).toMatchObject([{ schedule: { name: 'minutely' }, openRuns: 1, waitingRuns: 0 }]);
    const { rows } = await database.pool.query<{ now: Date }>('select now()');
    expect(Math.abs(rows[0]!.now.getTime() - offered[0]!.now.getTime())).toBeLessThan(10_000);
  });

  it('writes runs with the task and parameters of this moment', async () => {
    const scheduleId = await add();
    await schedules.decideDue(
      10,
      deciding(
        slot(),
        slot({ slotAt: new Date('2026-01-01T10:01:00Z'), state: 'skipped', reason: 'why', slots: 7 }),
      ),
    );
    await edit(`task_name = 'other', params = '{"text":"new"}'`);
    expect(await runs.list(scheduleId, 10)).toMatchObject([
      { state: 'skipped', reason: 'why', slots: 7, finishedAt: expect.any(Date) },
      { state: 'due', reason: null, slots: 1, finishedAt: null },
    ]);
    expect(await runs.claimDue(10)).toMatchObject([{ taskName: 'echo', params: { text: 'hello' } }]);
    expect(await schedules.find('minutely')).toMatchObject({
      nextSlotAt: NEXT,
      lastSlotAt: new Date('2026-01-01T10:01:00Z'),
    });
  });

  it('knows a schedule without further slots from one that is not worked out yet', async () => {
    await add();
    await schedules.decideDue(10, () => ({ ok: true, slots: [], nextSlotAt: null }));
    expect(await schedules.find('minutely')).toMatchObject({ nextSlotAt: null, isEnded: true });
    expect(await schedules.decideDue(10, deciding())).toEqual([]);
    expect(await schedules.outlook()).toEqual({
      isDue: false,
      hasPendingRuns: false,
      nextSlotInMs: undefined,
    });
  });

  it('gives a slot one run, also when it is decided twice', async () => {
    const scheduleId = await add();
    await schedules.decideDue(10, deciding(slot()));
    await database.pool.query(`update schedules set next_slot_at = now() - interval '1 s'`);
    await schedules.decideDue(10, deciding(slot({ state: 'skipped' })));
    expect(await stateOf(scheduleId)).toEqual(['due']);
  });

  it('gives a schedule to one of many who ask at the same time, and the others the rest', async () => {
    for (let index = 0; index < 40; index += 1) await add({ name: `s${index}` });
    const names: string[] = [];
    const take = () =>
      schedules.decideDue(10, (due) => {
        names.push(due.schedule.name);
        return deciding(slot())();
      });
    while ((await Promise.all([take(), take(), take()])).some((decided) => decided.length > 0));
    expect(names).toHaveLength(40);
    expect(new Set(names).size).toBe(40);
  });

  it('does not wait for a schedule that somebody else holds', async () => {
    await add();
    await add({ name: 'free' });
    const other = await database.pool.connect();
    await other.query(`begin; select from schedules where name = 'minutely' for update`);
    const decided = await schedules.decideDue(10, deciding());
    await other.query('rollback');
    other.release();
    expect(decided.map(({ due }) => due.schedule.name)).toEqual(['free']);
  });

  it('writes nothing when the decision throws', async () => {
    const scheduleId = await add();
    await add({ name: 'second' });
    let asked = 0;
    const failing = schedules.decideDue(10, () => {
      asked += 1;
      if (asked === 2) throw new Error('broken');
      return deciding(slot())();
    });
    await expect(failing).rejects.toThrow('broken');
    expect(await runs.list(scheduleId, 10)).toEqual([]);
  });

  it('counts schedules with an error that are not paused', async () => {
    await add();
    await add({ name: 'second' });
    await schedules.decideDue(10, () => ({ ok: false, error: 'no \u0000 task' }));
    expect(await schedules.countFailing()).toBe(2);
    await edit('enabled = false');
    expect(await schedules.countFailing()).toBe(1);
  });
});

describe('outlook', () => {
  it('tells what is to be done, and when the next slot comes', async () => {
    const scheduleId = await add();
    expect(await schedules.outlook()).toMatchObject({ isDue: true, hasPendingRuns: false });
    await database.pool.query(`update schedules set next_slot_at = now() + interval '30 s'`);
    const { isDue, nextSlotInMs } = await schedules.outlook();
    expect(isDue).toBe(false);
    expect(nextSlotInMs).toBeGreaterThan(20_000);
    expect(nextSlotInMs).toBeLessThanOrEqual(30_000);
    await runs.addManual(scheduleId, 'echo', {});
    expect(await schedules.outlook()).toMatchObject({ hasPendingRuns: true });
  });

  it('reads the front of an index, however many schedules there are', async () => {
    await database.pool.query(
      `insert into schedules (name, task_name, cron, next_slot_at)
       select 's' || n, 'echo', '0 0 * * *', now() + n * interval '1 min' from generate_series(1, 5000) n`,
    );
    await database.pool.query('analyze schedules');
    const { rows } = await database.pool.query<{ 'QUERY PLAN': string }>(
      `explain select from schedules where enabled and (next_slot_at is null or next_slot_at <= now())
        and (retry_at is null or retry_at <= now())`,
    );
    expect(rows.map((row) => row['QUERY PLAN']).join('\n')).toContain('schedules_due_idx');
  });
});

describe('ScheduleRunQueries', () => {
  it('hands a due run out once, and again when its claimant has died', async () => {
    const scheduleId = await add();
    await schedules.decideDue(10, deciding(slot()));
    const claims = await Promise.all([runs.claimDue(10), runs.claimDue(10), runs.claimDue(10)]);
    expect(claims.flat()).toMatchObject([
      { scheduleId, scheduleName: 'minutely', jitterSeconds: 5, cause: 'slot' },
    ]);
    expect(claims.flat()[0]?.lateMs).toBeGreaterThan(0);
    expect(await runs.claimDue(10)).toEqual([]);
    await letLeasesEnd();
    expect(await runs.claimDue(10)).toHaveLength(1);
  });

  it('finds a run with the name of its schedule', async () => {
    const { runId } = await runs.addManual(await add(), 'echo', {});
    expect(await runs.find(runId)).toMatchObject({ runId, scheduleName: 'minutely', cause: 'manual' });
    expect(await runs.find('999999')).toBeUndefined();
  });

  it('follows a run to its end, and lets no late word change it', async () => {
    const scheduleId = await add();
    await schedules.decideDue(10, deciding(slot()));
    const runId = await claimOne();
    await runs.markEnqueued(runId, { queue: 'critical', jobId: 'j', redisLineage: 'r' });
    expect(await runs.list(scheduleId, 1)).toMatchObject([
      { state: 'enqueued', queue: 'critical', jobId: 'j', enqueuedAt: expect.any(Date), startedAt: null },
    ]);
    expect(await runs.start(runId, JOB)).toBe(true);
    await runs.settle(runId, { state: 'failed', reason: 'TASK_FAILED: no' });
    expect(await runs.start(runId, JOB)).toBe(true);
    await runs.settle(runId, { state: 'succeeded', reason: null });
    expect(await runs.start(runId, JOB)).toBe(false);
    for (const state of ['failed', 'removed'] as const) await runs.settle(runId, { state, reason: 'late' });
    await runs.markEnqueued(runId, { queue: 'critical', jobId: 'j', redisLineage: 'r' });
    await runs.markLost(runId);
    expect(await runs.list(scheduleId, 1)).toMatchObject([
      { state: 'succeeded', reason: null, startedAt: expect.any(Date), recoveries: 0 },
    ]);
  });

  it('keeps an end that is faster than the word that the job is enqueued', async () => {
    const scheduleId = await add();
    await schedules.decideDue(10, deciding(slot()));
    const runId = await claimOne();
    await runs.start(runId, JOB);
    await runs.settle(runId, { state: 'succeeded', reason: null });
    await runs.markEnqueued(runId, { queue: 'critical', jobId: 'j', redisLineage: 'r' });
    expect(await runs.list(scheduleId, 1)).toMatchObject([
      { ...JOB, state: 'succeeded', enqueuedAt: expect.any(Date) },
    ]);
  });

  it('lets a run start that is not on record, such as one of a deleted schedule', async () => {
    expect(await runs.start('424242', JOB)).toBe(true);
    await runs.settle('424242', { state: 'succeeded', reason: null });
  });

  it('makes a lost run due again', async () => {
    const scheduleId = await add();
    await schedules.decideDue(10, deciding(slot()));
    const runId = await claimOne();
    await runs.markEnqueued(runId, { queue: 'critical', jobId: 'j', redisLineage: 'r' });
    expect(await runs.claimOpen(10)).toEqual([]);
    await letLeasesEnd();
    expect(await runs.claimOpen(10)).toEqual([
      { runId, scheduleName: 'minutely', queue: 'critical', jobId: 'j', redisLineage: 'r' },
    ]);
    await runs.markLost(runId);
    expect(await stateOf(scheduleId)).toEqual(['due']);
    expect(await runs.claimDue(10)).toMatchObject([{ runId, recoveries: 1 }]);
  });

  it('releases waiting runs one at a time, the oldest first, when nothing before them is open', async () => {
    const scheduleId = await add();
    const at = (minute: number) => new Date(Date.UTC(2026, 0, 1, 10, minute));
    await schedules.decideDue(
      10,
      deciding(
        slot({ slotAt: at(0) }),
        slot({ slotAt: at(1), state: 'waiting' }),
        slot({ slotAt: at(2), state: 'waiting' }),
      ),
    );
    await runs.releaseWaiting();
    expect(await stateOf(scheduleId)).toEqual(['due', 'waiting', 'waiting']);
    const runId = await claimOne();
    await runs.settle(runId, { state: 'failed', reason: 'x' });
    await Promise.all([runs.releaseWaiting(), runs.releaseWaiting(), runs.releaseWaiting()]);
    expect(await stateOf(scheduleId)).toEqual(['failed', 'due', 'waiting']);
  });

  it('skips what waits when its schedule is paused', async () => {
    const scheduleId = await add();
    await schedules.decideDue(10, deciding(slot({ state: 'waiting' })));
    await edit('enabled = false');
    await runs.releaseWaiting();
    expect(await runs.list(scheduleId, 1)).toMatchObject([
      { state: 'skipped', reason: 'paused while it waited' },
    ]);
  });

  it('keeps the latest thousand ended runs of each schedule, and every open one', async () => {
    const scheduleId = await add();
    await database.pool.query(
      `insert into schedule_runs (schedule_id, slot_at, cause, state, task_name, params)
       select $1, now() - n * interval '1 min', 'slot', case when n > 1100 then 'due' else 'succeeded' end, 'echo', '{}'
       from generate_series(1, 1105) n`,
      [scheduleId],
    );
    expect(await runs.purge(30)).toBe(30);
    expect(await runs.purge(5_000)).toBe(70);
    expect(await runs.purge(5_000)).toBe(0);
    expect(await runs.claimDue(10)).toHaveLength(5);
  });
});
