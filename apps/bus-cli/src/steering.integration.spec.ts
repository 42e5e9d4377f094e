import { randomBytes } from 'node:crypto';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { JobView, Schedule, ScheduleRun } from '@bus/task-base';
import { waitFor } from '@bus/testing';
import { afterAll, afterEach, beforeAll, describe, expect, inject, it } from 'vitest';
import { CANARY, runProcess, startBus, type Ran, type TestBus } from './fixtures/bus.fixture.ts';
import { SPEC_CATALOG, startSpecWorker, WALK, type SpecWorker } from './fixtures/spec-tasks.fixture.ts';

const PATIENCE = { timeoutMs: 60_000 };
const ACK = { message_id: 'm', topic: 'alert/panic/d', stored_at: '2026-01-01T00:00:00.000Z' };
const PUBLISH = ['-p', 'topic=downlink/d/ack', '-p', `payload=${JSON.stringify(ACK)}`];
/** What no worker can publish, so that it fails at once. */
const WRONG = ['-p', 'topic=downlink/d/ack', '-p', 'payload={"note":1}'];

const words = (line: string): string[] => line.split(' ');

let bus: TestBus;
let worker: SpecWorker;
const keys = {
  CHANNELS_ENCRYPTION_KEYS: randomBytes(32).toString('base64'),
  CHANNELS_ROUTING_KEY: randomBytes(32).toString('base64'),
};

beforeAll(async () => {
  const backends = {
    databaseUrl: inject('databaseUrl'),
    mqttPort: inject('mqttPort'),
    mqttUsername: inject('mqttUsername'),
    mqttPassword: inject('mqttPassword'),
  };
  bus = await startBus(backends, SPEC_CATALOG);
  keepKeys();
  await bus.startWorker();
  worker = await startSpecWorker({ ...bus.env, ...keys });
}, 120_000);
afterAll(async () => {
  worker.release();
  await worker.close();
  await bus.close();
});

/** As `npm start` keeps them. */
function keepKeys(): void {
  const { CHANNELS_ENCRYPTION_KEYS: encryptionKey, CHANNELS_ROUTING_KEY: routingKey } = keys;
  writeFileSync(join(bus.folder, '.data/secrets.json'), JSON.stringify({ encryptionKey, routingKey }));
}

const asProcess = (...args: string[]): Promise<Ran> => runProcess(args, { cwd: bus.folder });

const auditOf = async (subject: string): Promise<string[]> => {
  const { rows } = await bus.pool.query<{ action: string }>(
    'select action from audit_log where subject_id = $1 order by id',
    [subject],
  );
  return rows.map(({ action }) => action);
};

describe('schedule', { timeout: 120_000 }, () => {
  type Shown = Schedule & { nextSlots: string[]; runs: ScheduleRun[] };

  afterEach(() => bus.pool.query('delete from schedules'));

  it('adds with everything a schedule can be told, and shows its slots in its zone', async () => {
    const added = await bus.json<Shown>(
      ...words(
        'schedule add nightly publish_mqtt --time-zone Europe/Berlin --catch-up all --catch-up-limit 5',
      ),
      ...words('--overlap queue --jitter 5m --starts 2030-01-01T00:00:00Z --ends 2030-01-03T00:00:00Z'),
      '--cron',
      '30 2 * * *',
      ...PUBLISH,
    );
    expect(added).toMatchObject({
      cron: '30 2 * * *',
      timeZone: 'Europe/Berlin',
      catchUp: 'all',
      catchUpLimit: 5,
      overlap: 'queue',
      jitterSeconds: 300,
      startsAt: '2030-01-01T00:00:00.000Z',
      enabled: true,
      params: { topic: 'downlink/d/ack', payload: ACK },
      nextSlots: ['2030-01-01T01:30:00.000Z', '2030-01-02T01:30:00.000Z'],
      createdBy: expect.stringMatching(/^\S+@\S+$/) as string,
    });
    const { stdout } = await bus.run('schedule', 'show', 'nightly');
    expect(stdout).toMatch(/^NEXT SLOT +EUROPE\/BERLIN +IN$/m);
    expect(stdout).toMatch(/^2030-01-01 01:30:00Z +2030-01-01 02:30:00 +\d+d/m);
    expect(stdout).toMatch(/^missed slots +all, 5 at most$/m);
    expect((await bus.run('schedule', 'list')).stdout).toMatch(
      /^nightly +publish_mqtt +30 2 \* \* \* Europe\/Berlin .* on$/m,
    );
    expect(await auditOf('nightly')).toEqual(['schedule_added']);
  });

  it('names every field that cannot work, and changes nothing', async () => {
    const { exitCode, stderr } = await bus.run(
      ...words('schedule add näme publish_mqtt --time-zone Mars/North --jitter 2d -p topic=x --cron'),
      '30 2 * *',
    );
    expect(exitCode).toBe(2);
    for (const field of ['name', 'cron', 'time_zone', 'jitter_seconds']) {
      expect(stderr).toContain(`\n  ${field}: `);
    }
    expect(await bus.json('schedule', 'list')).toEqual({ schedules: [] });
    expect((await bus.run('schedule', 'add', 'a', 'publish_mqt', '--every', '5m')).stderr).toContain(
      'did you mean publish_mqtt?',
    );
    for (const every of ['5x', '-1', '400d']) {
      expect(await bus.run('schedule', 'add', 'a', 'publish_mqtt', '--every', every)).toMatchObject({
        exitCode: 2,
      });
    }
  });

  it('changes what is given and leaves the rest', async () => {
    await bus.run('schedule', 'add', 'a', 'publish_mqtt', '--cron', '@daily', ...PUBLISH, '--paused');
    expect(await bus.run('schedule', 'add', 'a', 'publish_mqtt', '--every', '1h', ...PUBLISH)).toMatchObject({
      exitCode: 1,
    });
    await bus.run('schedule', 'set', 'a', '--starts', '2030-01-01T00:00:00Z', '--ends', '2031-01-01');
    const set = await bus.json<Shown>(
      ...words('schedule set a --every 2h --starts none -p payload.message_id=other'),
    );
    expect(set).toMatchObject({
      cron: null,
      everySeconds: 7_200,
      startsAt: null,
      endsAt: '2031-01-01T00:00:00.000Z',
      enabled: false,
      params: { topic: 'downlink/d/ack', payload: { ...ACK, message_id: 'other' } },
    });
    expect(await bus.run('schedule', 'set', 'a')).toMatchObject({ exitCode: 2 });
    expect((await bus.run('schedule', 'set', 'b', '--every', '1h')).stderr).toMatch(
      /There is no schedule 'b'\.\nHint: /,
    );
  });

  it('pauses, resumes and runs now, and tells what became of the run', async () => {
    await bus.run('schedule', 'add', 'now', 'publish_mqtt', '--cron', '@yearly', ...WRONG);
    expect((await bus.run('schedule', 'pause', 'now')).stdout).toMatch(/^now .* paused$/m);
    expect(await bus.json('schedule', 'run', 'now')).toMatchObject({ cause: 'manual', state: 'due' });
    const run = await waitFor(async () => {
      const { runs } = await bus.json<Shown>('schedule', 'show', 'now');
      return runs[0]?.state === 'failed' && runs[0];
    }, PATIENCE);
    expect((await bus.run('schedule', 'show', 'now')).stdout).toContain('MQTT_PAYLOAD_INVALID');
    const { stdout } = await bus.run('job', 'trace', run.jobId ?? '');
    expect(stdout).toMatch(/ slot +schedule now +run \d+, manual of [\s\S]* enqueued [\s\S]* failed /);
    expect((await bus.run('job', 'show', run.jobId ?? '')).stdout).toMatch(/^schedule +run \d+ /m);
    expect((await bus.run('schedule', 'resume', 'now')).stdout).toMatch(/^now .* on$/m);
    expect((await bus.run('inspect', 'scheduled')).stdout).toMatch(/^now +publish_mqtt +\d+d/m);
    expect((await bus.run('inspect', 'scheduled', '--queue', 'email')).stdout).not.toContain('publish_mqtt');
    expect(await auditOf('now')).toEqual([
      'schedule_added',
      'schedule_paused',
      'schedule_run_asked',
      'schedule_resumed',
    ]);
    await bus.run('dlq', 'discard', '--all', '--yes');
  });

  it('is told of in status and doctor when it cannot work', async () => {
    await bus.pool.query(
      `insert into schedules (name, task_name, params, cron, time_zone) values ('typo', 'no_such_task', '{}', '@daily', 'UTC')`,
    );
    await bus.pool.query(`update schedules set next_slot_at = now()`);
    const status = await waitFor(async () => {
      const ran = await bus.run('status');
      return ran.stdout.includes('schedule typo cannot work') && ran;
    }, PATIENCE);
    expect(status.exitCode).toBe(1);
    expect(status.stdout).toMatch(/^schedules +1, 1 cannot work$/m);
    const doctor = await bus.run('doctor');
    expect(doctor.stdout).toMatch(
      /warn +schedule typo: .*no_such_task.*\n +-> mend it: bus schedule show typo/,
    );
    expect(doctor.exitCode).toBe(0);
    expect((await bus.run('schedule', 'list')).stdout).toMatch(/^typo .* cannot work$/m);
  });

  it('deletes only with a yes, and nothing when a name is wrong', async () => {
    await bus.run('schedule', 'add', 'gone', 'publish_mqtt', '--every', '1h', ...PUBLISH);
    const refused = await asProcess('schedule', 'delete', 'gone');
    expect(refused).toMatchObject({ exitCode: 2, stdout: '' });
    expect(await bus.run('schedule', 'delete', 'gone', 'gon', '--yes')).toMatchObject({ exitCode: 1 });
    expect((await bus.json<{ schedules: unknown[] }>('schedule', 'list')).schedules).toHaveLength(1);
    expect(await asProcess('schedule', 'delete', 'gone', '--yes')).toMatchObject({ exitCode: 0 });
    expect(await bus.run('schedule', 'show', 'gone')).toMatchObject({ exitCode: 1 });
  });

  it('takes no secret parameter, and shows none that came in with SQL', async () => {
    const added = await bus.run(
      ...words(`schedule add secret invite --every 1d -p user_id=1 -p door_code=${CANARY}`),
    );
    expect(added).toMatchObject({ exitCode: 2, stdout: '' });
    expect(added.stderr).toContain('  params.door_code: ');
    expect(added.stderr).not.toContain(CANARY);
    await bus.pool.query(
      `insert into schedules (name, task_name, params, cron, enabled) values ('secret', 'invite', $1, '@daily', false)`,
      [JSON.stringify({ user_id: 1, door_code: CANARY })],
    );
    for (const args of [['list'], ['show', 'secret']]) {
      for (const form of [[], ['--json']]) {
        const { stdout, stderr } = await bus.run('schedule', ...args, ...form);
        expect(stdout).toContain('secret');
        expect(stdout + stderr).not.toContain(CANARY);
      }
    }
    expect((await bus.run('schedule', 'show', 'secret')).stdout).toContain('"door_code": "[sealed]"');
  });
});

describe('circuit', { timeout: 120_000 }, () => {
  it('opens for everybody, parks what needs the service, and brings it back when closed', async () => {
    expect(await bus.run('circuit', 'open', 'mqtt_broker')).toMatchObject({ exitCode: 2 });
    await bus.run('circuit', 'open', 'mqtt_broker', '--reason', `moved, password=${CANARY}`);
    const waiting = bus.run('task', 'run', 'publish_mqtt', ...PUBLISH, '--id', 'parked', '--wait');
    const parked = await waitFor(async () => {
      const job = await bus.run('job', 'show', 'publish_mqtt-parked');
      return /^parked +until the circuit of mqtt_broker closes/m.test(job.stdout) && job;
    }, PATIENCE);
    expect(parked.stdout).toMatch(/^attempts +0 of 4$/m);

    const list = await bus.run('circuit', 'list');
    expect(list.stdout).toMatch(/^mqtt_broker +open +- +1 .*by hand .* ago, until closed: moved/m);
    const { circuits } = await bus.json<{ circuits: { service: string; parkedJobs: number }[] }>(
      'circuit',
      'list',
    );
    expect(circuits).toContainEqual(expect.objectContaining({ service: 'mqtt_broker', parkedJobs: 1 }));
    const status = await bus.run('status');
    expect(status).toMatchObject({ exitCode: 1 });
    expect(status.stdout).toMatch(/^circuits +mqtt_broker open$/m);
    expect(status.stdout).toMatch(/^parked jobs +1$/m);
    expect(status.stdout).toContain('! circuit of mqtt_broker is open, 1 job parked: by hand');
    const doctor = await bus.run('doctor');
    expect(doctor.stdout).toMatch(/warn +circuit of mqtt_broker: .*\n +-> .*bus circuit close mqtt_broker/);
    expect((await bus.run('inspect', 'scheduled')).stdout).toMatch(
      /^publish_mqtt-parked .* circuit of mqtt_broker/m,
    );
    expect((await bus.run('job', 'trace', 'publish_mqtt-parked')).stdout).toMatch(
      / parked .* until mqtt_broker/,
    );

    const closed = await bus.run('circuit', 'close', 'mqtt_broker');
    expect(closed.stdout).toBe(
      'The circuit of mqtt_broker is closed. 1 parked job comes back, slowly at first.\n',
    );
    const ran = await waiting;
    expect(ran).toMatchObject({ exitCode: 0, stdout: 'completed\n' });
    expect(ran.stderr).toContain('parked: the circuit of mqtt_broker is not closed');
    const shown = [list, status, doctor].flatMap(({ stdout, stderr }) => [stdout, stderr]);
    expect(shown.filter((text) => text.includes(CANARY))).toEqual([]);
    const { rows } = await bus.pool.query<{ details: unknown }>(
      `select details from audit_log where subject_type = 'circuit'`,
    );
    expect(rows).toHaveLength(2);
    expect(JSON.stringify(rows)).not.toContain(CANARY);
  });

  it('forgets only with a yes, and knows no other service', async () => {
    expect(await asProcess('circuit', 'reset', 'smtp')).toMatchObject({ exitCode: 2, stdout: '' });
    expect(await asProcess('circuit', 'reset', 'smtp', '--yes')).toMatchObject({
      exitCode: 0,
      stdout: 'The circuit of smtp is closed.\n',
    });
    const unknown = await bus.run('circuit', 'open', 'smpt', '--reason', 'x');
    expect(unknown).toMatchObject({ exitCode: 2 });
    expect(unknown.stderr).toContain('did you mean smtp?\n');
  });
});

describe('job cancel', { timeout: 120_000 }, () => {
  it('takes a job that waits out of its queue, and remembers it', async () => {
    await bus.tasks.enqueue(
      WALK,
      { way: 'long' },
      { jobId: 'later', delayMs: 3_600_000, correlationId: 'c-later' },
    );
    const reason = `not needed, password=${CANARY}`;
    const cancelled = await asProcess(
      'job',
      'cancel',
      'walk-later',
      '-q',
      'ai_processing',
      '--reason',
      reason,
    );
    expect(cancelled).toMatchObject({ exitCode: 0, stdout: 'walk-later was cancelled; it does not run.\n' });
    const shown = await bus.run('job', 'show', 'walk-later');
    expect(shown).toMatchObject({ exitCode: 0 });
    expect(shown.stdout).toMatch(/^cancel +cancelled while delayed by \S+@\S+: not needed/m);
    const trace = await bus.run('job', 'trace', 'walk-later');
    expect(trace.stdout).toMatch(/ cancel-asked .*\n.* cancelled .*while it was delayed\n.* job_cancelled /);
    expect(`${shown.stdout}${trace.stdout}`).not.toContain(CANARY);
    expect(await auditOf('walk-later')).toEqual(['job_cancelled']);
  });

  it('ends a run, and says when there was nothing to cancel', async () => {
    const { jobId } = await bus.tasks.enqueue(WALK, { way: 'high' }, { jobId: 'running' });
    await waitFor(async () => (await bus.json<JobView>('job', 'show', jobId)).state === 'active', PATIENCE);
    // Nobody waits for the end: being told is all there is to know.
    expect(await bus.json('job', 'cancel', jobId)).toMatchObject({ outcome: 'requested' });
    const cancelled = await bus.run('job', 'cancel', jobId, '--wait', '60');
    expect(cancelled).toMatchObject({ exitCode: 0, stdout: `${jobId} was cancelled; its run has ended.\n` });

    await bus.run('task', 'run', 'publish_mqtt', ...PUBLISH, '--id', 'done', '--wait');
    expect(await asProcess('job', 'cancel', 'publish_mqtt-done')).toMatchObject({
      exitCode: 1,
      stdout: 'publish_mqtt-done had ended by itself.\n',
    });
    const missing = await bus.run('job', 'cancel', 'walk-nowhere');
    expect(missing).toMatchObject({ exitCode: 1, stdout: '' });
    expect(missing.stderr).toContain("No queue has a job 'walk-nowhere'.");
  });
});

describe('task run --wait', { timeout: 120_000 }, () => {
  it('tells where it is on the way, and its outcome', async () => {
    const waiting = bus.run('task', 'run', 'walk', '-p', 'way=short', '--id', 'w', '--wait');
    await waitFor(async () => {
      const { stdout } = await bus.run('inspect', 'active');
      return /^walk-w .* spec-worker .* 25 % on the short way/m.test(stdout);
    }, PATIENCE);
    const soon = await bus.run('task', 'run', 'walk', '-p', 'way=short', '--id', 'w', '--wait', '3');
    expect(soon).toMatchObject({ exitCode: 1 });
    expect(soon.stderr).toContain('walk-w is there already; nothing was added.');
    expect(soon.stderr).toContain('  running on spec-worker: 25 % on the short way');
    expect(soon.stdout).toContain('still running; it goes on without you.');
    worker.release();
    const ran = await waiting;
    expect(ran).toMatchObject({ exitCode: 0, stdout: 'completed: {"walked":"short"}\n' });
    const details = await bus.run('job', 'show', 'walk-w');
    expect(details.stdout).toMatch(/^fencing token +\d{16}$/m);
    expect(details.stdout).toMatch(/^runs in +the worker$/m);
  });

  it('ends with 1 when it failed, with the reason', async () => {
    const ran = await asProcess('task', 'run', 'publish_mqtt', ...WRONG, '--wait', '2m');
    expect(ran).toMatchObject({ exitCode: 1 });
    expect(ran.stdout).toMatch(/^failed MQTT_PAYLOAD_INVALID: .*\nSee: bus job show publish_mqtt-/);
    const json = await asProcess('task', 'run', 'publish_mqtt', ...WRONG, '--wait', '--json');
    expect(json).toMatchObject({ exitCode: 1, stderr: '' });
    expect(JSON.parse(json.stdout)).toMatchObject({
      outcome: { state: 'failed', reason: 'MQTT_PAYLOAD_INVALID' },
    });
  });
});

describe('secret parameters', { timeout: 120_000 }, () => {
  const invite = (...args: string[]) =>
    bus.run('task', 'run', 'invite', '-p', 'user_id=7', '-p', `door_code=${CANARY}-code`, ...args);

  it('are sealed with the keys of the bus, opened by the worker, and on no screen', async () => {
    const ran = await invite('--wait');
    expect(ran).toMatchObject({ exitCode: 0, stdout: `completed: {"letters":${CANARY.length + 5}}\n` });
    const { jobs } = await bus.json<{ jobs: JobView[] }>('job', 'find', '--task', 'invite');
    const [{ jobId }] = jobs as [JobView];
    const again = await invite('--id', 'again', '--wait');
    expect(again).toMatchObject({ exitCode: 0 });
    const commands = [
      ['job', 'find', '--task', 'invite'],
      ['job', 'show', jobId],
      ['job', 'trace', jobId],
      ['route', 'invite'],
    ];
    for (const args of commands) {
      for (const form of [[], ['--json']]) {
        const { stdout, stderr } = await bus.run(...args, ...form);
        expect(stdout).toContain('invite');
        expect(stdout + stderr).not.toContain(CANARY);
      }
    }
    expect((await bus.run('job', 'show', jobId)).stdout).toMatch(
      /^same work +done by this job, stands until /m,
    );
    const wrong = await bus.run('task', 'run', 'invite', '-p', `door_code=${CANARY}${'x'.repeat(60)}`);
    expect(wrong).toMatchObject({ exitCode: 2 });
    const malformed = await bus.run('task', 'run', 'invite', '-p', `door_code:${CANARY}`);
    expect(malformed).toMatchObject({ exitCode: 2 });
    expect(wrong.stderr + malformed.stderr).not.toContain(CANARY);
  });

  it('are not enqueued without keys, with words that help', async () => {
    rmSync(join(bus.folder, '.data/secrets.json'));
    try {
      const { exitCode, stderr } = await invite('--id', 'without');
      expect(exitCode).toBe(2);
      expect(stderr).toMatch(/Nothing was enqueued\.\nHint: set CHANNELS_ENCRYPTION_KEYS/);
      expect(await bus.run('job', 'show', 'invite-without')).toMatchObject({ exitCode: 1 });
      expect((await bus.run('doctor')).stdout).toMatch(/skip +encryption keys: not given/);
    } finally {
      keepKeys();
    }
    expect((await bus.run('doctor')).stdout).toMatch(/ok +encryption keys: one, usable/);
  });
});

describe('route', () => {
  it('tells where a task runs and what makes two of it the same work', async () => {
    const { stdout } = await bus.run('route', 'grind');
    expect(stdout).toMatch(
      /^runs in +a child process of at most 512 MiB +the task's own entry: its work really/m,
    );
    expect(stdout).toMatch(
      /^the same work again +has the first one's outcome, once for all +the task's own/m,
    );
    expect(stdout).toMatch(
      /^its outcome stands +1d, in Postgres: survives the loss of Redis +category report$/m,
    );
    expect(stdout).not.toContain('same job id');
    const plain = (await bus.run('route', 'walk')).stdout;
    expect(plain).toMatch(/^runs in +the worker +the default of every task$/m);
    expect(plain).toMatch(/^the same work again +is done again +the default/m);
    expect((await bus.run('route', 'invite')).stdout).toMatch(/^secret parameters +sealed in Redis/m);
  });
});
