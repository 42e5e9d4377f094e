import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ScheduleQueries, ScheduleRunQueries, migrate } from '@bus/database';
import { createPostgresPool } from '@bus/platform';
import { ScheduleAdmin } from '@bus/task-base';
import type { TaskDefinition } from '@bus/task-base';
import { ManagedProcess, REPOSITORY_ROOT, createDatabase, createRedisDatabase, waitFor } from '@bus/testing';
import { expect, inject, it } from 'vitest';
import { EXECUTION_TABLES, NOTE_EXECUTION } from './fixtures/schedule-replica.fixture.ts';

const REPLICA = join(REPOSITORY_ROOT, 'apps/task-worker/dist/fixtures/schedule-replica-main.fixture.js');
const SEED = 20_261_127;
const KILLS = 8;
/** Longer than a claim is left to its claimant, so that another scheduler has taken it over when the frozen one goes on. */
const FROZEN_MS = 12_000;

/** The same sequence for the same seed, 0 to 1 (mulberry32). */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

it('gives every second one run while three worker processes are killed and frozen under it', async () => {
  const database = await createDatabase(inject('databaseUrl'));
  const redisUrl = await createRedisDatabase(inject('redisUrl'));
  const pool = createPostgresPool({ DATABASE_URL: database.url, DATABASE_POOL_SIZE: 3 });
  await migrate(pool);
  await pool.query(EXECUTION_TABLES);
  const catalog = [NOTE_EXECUTION] as TaskDefinition[];
  const admin = new ScheduleAdmin(new ScheduleQueries(pool), new ScheduleRunQueries(pool), catalog);
  const random = randomFrom(SEED);
  let started = 0;
  const start = (): Promise<ManagedProcess> =>
    ManagedProcess.start({
      name: 'schedule-replica',
      command: process.execPath,
      args: [REPLICA],
      env: {
        REDIS_URL: redisUrl,
        DATABASE_URL: database.url,
        DATABASE_POOL_SIZE: '4',
        INSTANCE_ID: `replica-${(started += 1)}`,
        METRICS_SNAPSHOT_INTERVAL_MS: '60000',
      },
      stage: 'app',
      startTimeoutMs: 60_000,
      isReady: (line) => line === 'ready',
    });
  const replicas = await Promise.all([start(), start(), start()]);
  try {
    const names = ['a', 'b'];
    for (const name of names) {
      await admin.add({
        name,
        taskName: NOTE_EXECUTION.name,
        params: { label: name },
        everySeconds: 1,
        overlap: 'allow',
      });
    }
    // One is frozen throughout the kills, and comes back when others have done its work.
    await replicas[2].kill('SIGSTOP');
    const frozen = sleep(FROZEN_MS).then(() => replicas[2].kill('SIGCONT'));
    for (let kill = 0; kill < KILLS; kill += 1) {
      await sleep(300 + random() * 2_000);
      const victim = random() < 0.5 ? 0 : 1;
      await replicas[victim].kill('SIGKILL');
      replicas[victim] = await start();
    }
    await frozen;
    for (const name of names) await admin.pause(name);

    for (const name of names) {
      const runs = await waitFor(
        async () => {
          const found = await admin.history(name, 1_000);
          return found.every(({ state }) => state === 'succeeded') && found;
        },
        { timeoutMs: 90_000, intervalMs: 200, message: `all runs of ${name} to succeed` },
      );
      const seconds = runs.map(({ slotAt }) => slotAt.getTime() / 1_000).toReversed();
      expect(seconds.length).toBeGreaterThan(KILLS);
      expect(seconds).toEqual(Array.from(seconds, (_, index) => (seconds[0] ?? 0) + index));
      const { rows } = await pool.query<{ job_id: string; first_starts: number }>(
        `select job_id, (count(*) filter (where not is_redelivery))::int as first_starts
         from executions where label = $1 group by job_id`,
        [name],
      );
      expect(rows.map(({ job_id }) => job_id).toSorted()).toEqual(
        runs.map(({ jobId }) => jobId ?? '').toSorted(),
      );
      // A worker killed in the middle of a run has it done again: then, and only then, a slot is executed twice.
      expect(rows.filter(({ first_starts }) => first_starts > 1)).toEqual([]);
    }
  } finally {
    await Promise.all(replicas.map((replica) => replica.kill('SIGKILL')));
    await pool.end();
    await database.drop();
  }
}, 300_000);
