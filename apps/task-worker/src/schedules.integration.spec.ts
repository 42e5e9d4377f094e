import type { INestApplicationContext } from '@nestjs/common';
import { ScheduleQueries, ScheduleRunQueries, migrate } from '@bus/database';
import { Metrics } from '@bus/observability';
import { RedisConnections, createPostgresPool } from '@bus/platform';
import { ScheduleAdmin, TaskClient } from '@bus/task-base';
import type { NewSchedule, TaskDefinition } from '@bus/task-base';
import { createDatabase, createRedisDatabase, startRedis, waitFor } from '@bus/testing';
import type { PostgresDatabase, RedisServer } from '@bus/testing';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import {
  EXECUTION_TABLES,
  NEWER_TASK,
  NOTE_EXECUTION,
  startReplica,
} from './fixtures/schedule-replica.fixture.ts';

const CATALOG = [NOTE_EXECUTION, NEWER_TASK] as TaskDefinition[];
const PATIENCE = { timeoutMs: 60_000, intervalMs: 50 };

describe('schedules', { timeout: 180_000 }, () => {
  let database: PostgresDatabase;
  let pool: ReturnType<typeof createPostgresPool>;
  let admin: ScheduleAdmin;
  let redisUrl: string;
  const replicas: INestApplicationContext[] = [];
  const servers: RedisServer[] = [];

  beforeEach(async () => {
    redisUrl = await createRedisDatabase(inject('redisUrl'));
    database = await createDatabase(inject('databaseUrl'));
    pool = createPostgresPool({ DATABASE_URL: database.url, DATABASE_POOL_SIZE: 3 });
    await migrate(pool);
    await pool.query(EXECUTION_TABLES);
    admin = new ScheduleAdmin(new ScheduleQueries(pool), new ScheduleRunQueries(pool), CATALOG);
  });
  afterEach(async () => {
    await pool.query('insert into released select distinct label from executions on conflict do nothing');
    await Promise.all(replicas.splice(0).map((replica) => replica.close()));
    await pool.end();
    await database.drop();
    await Promise.all(servers.splice(0).map((server) => server.stop()));
  });

  async function start(options: { knowsNewerTask?: boolean } = {}): Promise<INestApplicationContext> {
    const env = {
      REDIS_URL: redisUrl,
      DATABASE_URL: database.url,
      INSTANCE_ID: `replica-${replicas.length}`,
      METRICS_SNAPSHOT_INTERVAL_MS: '60000',
      DATABASE_POOL_SIZE: '4',
    };
    const replica = await startReplica(env, options);
    replicas.push(replica);
    return replica;
  }

  async function own(): Promise<RedisServer> {
    const server = await startRedis();
    servers.push(server);
    redisUrl = server.url;
    return server;
  }

  const add = (changes: Partial<NewSchedule> = {}) =>
    admin.add({
      name: 'spec',
      taskName: 'note_execution',
      params: { label: 'spec' },
      everySeconds: 1,
      overlap: 'allow',
      ...changes,
    });
  /** A slot that comes now, of a schedule whose next one is far away. */
  const slotNow = (name = 'spec', ago = '0 s') =>
    pool.query(`update schedules set next_slot_at = now() - $2::interval where name = $1`, [name, ago]);
  const YEARLY = { everySeconds: null, cron: '0 0 1 1 *' } as const;
  const history = (name = 'spec') => admin.history(name, 1_000);
  const executions = async (label = 'spec') =>
    (
      await pool.query<{ job_id: string; is_redelivery: boolean; replica: string }>(
        'select * from executions where label = $1 order by id',
        [label],
      )
    ).rows;
  const statesOf = async (name = 'spec') => (await history(name)).map(({ state }) => state).toReversed();
  const whenStates = (expected: readonly string[], name = 'spec') =>
    waitFor(async () => JSON.stringify(await statesOf(name)) === JSON.stringify(expected), {
      ...PATIENCE,
      message: expected.join(', '),
    });

  it('gives each slot one run and one execution, with three replicas that share nothing but the servers', async () => {
    await Promise.all([start(), start(), start()]);
    for (const name of ['a', 'b', 'c']) await add({ name, params: { label: name } });
    await waitFor(async () => (await executions('c')).length >= 8, PATIENCE);
    for (const name of ['a', 'b', 'c']) await admin.pause(name);
    for (const name of ['a', 'b', 'c']) {
      const runs = await waitFor(async () => {
        const found = await history(name);
        return found.every(({ state }) => state === 'succeeded') && found;
      }, PATIENCE);
      const seconds = runs.map(({ slotAt }) => slotAt.getTime() / 1_000).toReversed();
      expect(seconds).toEqual(Array.from(seconds, (_, index) => (seconds[0] ?? 0) + index));
      const jobs = (await executions(name)).map(({ job_id }) => job_id);
      expect(jobs).toHaveLength(runs.length);
      expect(new Set(jobs)).toEqual(new Set(runs.map(({ jobId }) => jobId)));
    }
    const body = (await Promise.all(replicas.map((replica) => replica.get(Metrics).render())))
      .map((page) => page.body)
      .join('\n');
    expect(body).toMatch(/bus_schedule_slots_total\{[^}]*result="enqueued"[^}]*\} [1-9]/);
    expect(body).toMatch(/bus_schedule_lag_seconds_count(\{[^}]*\})? [1-9]/);
  });

  it('takes up what is added, edited, paused and resumed with SQL while it runs', async () => {
    await start();
    await pool.query(
      `insert into schedules (name, task_name, params, every_seconds, overlap)
       values ('spec', 'note_execution', '{"label":"first"}', 1, 'allow')`,
    );
    await waitFor(async () => (await executions('first')).length >= 2, PATIENCE);
    await pool.query(`update schedules set params = '{"label":"second"}' where name = 'spec'`);
    await waitFor(async () => (await executions('second')).length >= 1, PATIENCE);
    await pool.query(`update schedules set every_seconds = null, cron = '0 0 1 1 *' where name = 'spec'`);
    const yearly = await waitFor(async () => {
      const schedule = await admin.get('spec');
      return schedule.nextSlotAt !== null && schedule;
    }, PATIENCE);
    expect(yearly.nextSlotAt?.toISOString()).toMatch(/-01-01T00:00:00.000Z$/);
    await pool.query(`update schedules set enabled = false where name = 'spec'`);
    await slotNow();
    await add({ name: 'witness', params: { label: 'witness' } });
    await waitFor(async () => (await executions('witness')).length >= 2, PATIENCE);
    const count = (await history()).length;
    await pool.query(`update schedules set enabled = true where name = 'spec'`);
    await slotNow();
    await waitFor(async () => (await history()).length === count + 1, PATIENCE);
  });

  it('keeps schedules that cannot work from harming others, and says what is wrong with them', async () => {
    const replica = await start();
    await pool.query(
      `insert into schedules (name, task_name, params, cron, time_zone) values
         ('bad cron', 'note_execution', '{"label":"x"}', 'every now and then', 'UTC'),
         ('bad zone', 'note_execution', '{"label":"x"}', '* * * * * *', 'Mars/Phobos'),
         ('bad task', 'nobody', '{}', '* * * * * *', 'UTC'),
         ('bad params', 'note_execution', '{"label":5}', '* * * * * *', 'UTC'),
         ('no params', 'note_execution', 'null', '* * * * * *', 'UTC')`.replaceAll(/'(bad|no) /g, "'$1-"),
    );
    await add();
    await waitFor(async () => (await executions()).length >= 3, PATIENCE);
    const wrong = Object.fromEntries((await admin.list()).map(({ name, lastError }) => [name, lastError]));
    expect(wrong).toEqual({
      'bad-cron': expect.stringContaining('five fields'),
      'bad-zone': expect.stringContaining('Mars/Phobos'),
      'bad-task': expect.stringContaining("'nobody' is not in the catalog"),
      'bad-params': expect.stringContaining('params.label'),
      'no-params': expect.stringContaining('must be a JSON object'),
      spec: null,
    });
    await waitFor(
      async () => /bus_schedules_failing(\{[^}]*\})? 5/.test((await replica.get(Metrics).render()).body),
      PATIENCE,
    );
    await pool.query(`update schedules set params = '{"label":"mended"}' where name = 'bad-params'`);
    await waitFor(async () => (await executions('mended')).length >= 1, PATIENCE);
    expect((await admin.get('bad-params')).lastError).toBeNull();
  });

  it('keeps a slot of a task that only newer workers know until one of them is there', async () => {
    const older = await start();
    await add({ ...YEARLY, taskName: 'newer_task' });
    await slotNow();
    await waitFor(async () => (await admin.get('spec')).lastError !== null, PATIENCE);
    expect(await history()).toEqual([]);
    await older.close();
    await start({ knowsNewerTask: true });
    await whenStates(['succeeded']);
    expect((await admin.get('spec')).lastError).toBeNull();
  });

  it('records a run that fails for good, after its retries', async () => {
    await start();
    await add({ ...YEARLY, params: { label: 'spec', fail: true } });
    await slotNow();
    await whenStates(['failed']);
    expect(await history()).toMatchObject([
      { reason: 'TASK_FAILED: told to fail', startedAt: expect.any(Date) },
    ]);
    expect(await executions()).toHaveLength(2);
  });

  it('overlap skip, queue and allow do as they say', async () => {
    await start();
    const hold = { label: 'held', hold: true };
    for (const overlap of ['skip', 'queue', 'allow'] as const) {
      await add({ ...YEARLY, name: overlap, overlap, params: hold });
    }
    for (let slot = 1; slot <= 3; slot += 1) {
      await pool.query('update schedules set next_slot_at = now()');
      await waitFor(
        async () =>
          (await Promise.all(['skip', 'queue', 'allow'].map(history))).every((runs) => runs.length === slot),
        PATIENCE,
      );
    }
    await whenStates(['enqueued', 'skipped', 'skipped'], 'skip');
    await whenStates(['enqueued', 'waiting', 'skipped'], 'queue');
    await whenStates(['enqueued', 'enqueued', 'enqueued'], 'allow');
    await waitFor(async () => (await executions('held')).length === 5, PATIENCE);
    await pool.query(`insert into released values ('held')`);
    await whenStates(['succeeded', 'succeeded', 'skipped'], 'queue');
    await whenStates(['succeeded', 'skipped', 'skipped'], 'skip');
    await whenStates(['succeeded', 'succeeded', 'succeeded'], 'allow');
    expect(await executions('held')).toHaveLength(6);
  });

  it('catches up what was missed while no replica ran, one after another', async () => {
    await add({ ...YEARLY, cron: '*/10 * * * * *', catchUp: 'all', catchUpLimit: 3, overlap: 'queue' });
    await pool.query(`update schedules set next_slot_at = date_trunc('minute', now()) - interval '5 min'`);
    await start();
    await waitFor(async () => (await executions()).length >= 3, PATIENCE);
    await admin.pause('spec');
    const runs = (await history()).toReversed();
    expect(runs.slice(0, 3).map(({ cause }) => cause)).toEqual(['catch_up', 'catch_up', 'catch_up']);
    expect(runs[3]).toMatchObject({ state: 'skipped', reason: expect.stringMatching(/^missed: \d+ slots/) });
    expect(runs[3]?.slots).toBeGreaterThan(15);
  });

  it('holds a run back by its jitter, and starts it by hand at once', async () => {
    const replica = await start();
    await add({ ...YEARLY, jitterSeconds: 86_400 });
    await slotNow();
    await whenStates(['enqueued']);
    const [run] = await history();
    const job = `bus:{critical}:critical:${run?.jobId}`;
    const delay = await replica.get(RedisConnections).commands.hget(job, 'delay');
    expect(Number(delay)).toBeGreaterThan(0);
    expect(Number(delay)).toBeLessThanOrEqual(86_400_000);

    const manual = await admin.run('spec', { params: { label: 'by hand' } });
    expect(manual).toMatchObject({ cause: 'manual', state: 'due' });
    await waitFor(async () => (await executions('by hand')).length === 1, PATIENCE);
    expect(await executions()).toEqual([]);
  });

  it('runs by hand as often as it is told, also while it is paused', async () => {
    await start();
    await add({ ...YEARLY, enabled: false });
    await Promise.all([admin.run('spec'), admin.run('spec'), admin.run('spec')]);
    await whenStates(['succeeded', 'succeeded', 'succeeded']);
    expect(await executions()).toHaveLength(3);
    await expect(admin.run('spec', { params: { label: 7 } })).rejects.toThrow('params.label');
  });

  it('builds a flushed Redis up again from Postgres: what was to be done is done, what was done is not', async () => {
    const server = await own();
    await start();
    await add({ ...YEARLY });
    await slotNow();
    await whenStates(['succeeded']);
    await add({ ...YEARLY, name: 'delayed', params: { label: 'delayed' }, jitterSeconds: 86_400 });
    await slotNow('delayed');
    await whenStates(['enqueued'], 'delayed');
    await pool.query(`update schedules set jitter_seconds = 0 where name = 'delayed'`);

    await replicas[0]!.get(RedisConnections).commands.flushall();
    await pool.query('update schedule_runs set look_at = now()');

    await whenStates(['succeeded'], 'delayed');
    expect(await history('delayed')).toMatchObject([{ recoveries: 1 }]);
    expect(await executions('delayed')).toHaveLength(1);
    await slotNow();
    await whenStates(['succeeded', 'succeeded']);
    expect(await executions()).toHaveLength(2);
    expect(server.url).toBe(redisUrl);
  });

  it('does not bring back a job that somebody took out of Redis', async () => {
    const replica = await start();
    await add({ ...YEARLY, jitterSeconds: 86_400 });
    await slotNow();
    await whenStates(['enqueued']);
    const [run] = await history();
    const redis = replica.get(RedisConnections).commands;
    await redis.del(`bus:{critical}:critical:${run?.jobId}`);
    await redis.zrem('bus:{critical}:critical:delayed', run?.jobId ?? '');
    await pool.query('update schedule_runs set look_at = now()');
    await whenStates(['removed']);
    expect(await executions()).toEqual([]);
  });

  it('finds the end of a run whose worker could not report it', async () => {
    await start();
    await add({ ...YEARLY });
    await slotNow();
    await whenStates(['succeeded']);
    await pool.query(`update schedule_runs set state = 'enqueued', finished_at = null, look_at = now()`);
    await whenStates(['succeeded']);
    expect(await executions()).toHaveLength(1);
  });

  it('meets the same job again when its scheduler died before it could say that it had enqueued it', async () => {
    await start();
    await add({ ...YEARLY });
    await slotNow();
    await whenStates(['succeeded']);
    await pool.query(`update schedule_runs set state = 'due', finished_at = null, look_at = now()`);
    await whenStates(['enqueued']);
    await pool.query('update schedule_runs set look_at = now()');
    await whenStates(['succeeded']);
    expect(await executions()).toHaveLength(1);
  });

  it('does not run a slot again for a copy of its job that comes after everything is over', async () => {
    const replica = await start();
    await add({ ...YEARLY });
    await slotNow();
    await whenStates(['succeeded']);
    // As from a scheduler that was frozen while it enqueued, for longer than Redis keeps finished jobs.
    const [run] = await history();
    const { jobId } = await replica
      .get(TaskClient)
      .enqueue(NOTE_EXECUTION, { label: 'spec' }, { jobId: 'copy', scheduleRunId: run?.runId ?? '' });
    const redis = replica.get(RedisConnections).commands;
    await waitFor(() => redis.zscore('bus:{critical}:critical:completed', jobId), PATIENCE);
    expect(await executions()).toHaveLength(1);
    expect(await statesOf()).toEqual(['succeeded']);
  });

  it('waits with its runs while Redis is away, and loses none', async () => {
    const server = await own();
    await start();
    await add();
    await waitFor(async () => (await executions()).length >= 2, PATIENCE);
    await server.kill();
    await waitFor(async () => (await statesOf()).filter((state) => state === 'due').length >= 2, PATIENCE);
    await server.restart();
    await waitFor(async () => {
      const states = await statesOf();
      return states.length >= 6 && states.filter((state) => state === 'succeeded').length >= 6;
    }, PATIENCE);
    await admin.pause('spec');
    await waitFor(async () => (await statesOf()).every((state) => state === 'succeeded'), PATIENCE);
    const seconds = (await history()).map(({ slotAt }) => slotAt.getTime() / 1_000).toReversed();
    expect(seconds).toEqual(Array.from(seconds, (_, index) => (seconds[0] ?? 0) + index));
  });
});
