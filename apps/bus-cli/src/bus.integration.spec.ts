import { createTemporaryDirectory, freePort, removeTemporaryDirectory, startRedis } from '@bus/testing';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import {
  CANARY,
  doomedTask,
  runHere,
  runProcess,
  startBus,
  writeRuntime,
  type Ran,
  type TestBus,
} from './fixtures/bus.fixture.ts';

let bus: TestBus;

beforeAll(async () => {
  bus = await startBus({
    databaseUrl: inject('databaseUrl'),
    mqttPort: inject('mqttPort'),
    mqttUsername: inject('mqttUsername'),
    mqttPassword: inject('mqttPassword'),
  });
}, 120_000);
afterAll(() => bus.close());

/** A process in a folder where nothing is known, unless the environment says it. */
const elsewhere = (args: string[], env: Record<string, string> = {}): Promise<Ran> =>
  runProcess(args, { cwd: '/', env });

const errorOf = ({ stderr }: Ran) =>
  (JSON.parse(stderr) as { error: { code: string; message: string } }).error;

describe('as a process', { timeout: 120_000 }, () => {
  it('ends with 0 and one document', async () => {
    const ran = await elsewhere(['queue', 'list', '--json'], { REDIS_URL: bus.env['REDIS_URL']! });
    expect(ran).toMatchObject({ exitCode: 0, stderr: '' });
    expect(JSON.parse(ran.stdout)).toHaveLength(12);
  });

  it('finds a running bus from any folder below it', async () => {
    const ran = await runProcess(['queue', 'list'], { cwd: `${bus.folder}/.data` });
    expect(ran).toMatchObject({ exitCode: 0, stderr: '' });
    expect(ran.stdout).not.toContain('\u001b');
  });

  it('ends with 1 when there is a problem', async () => {
    const ran = await runProcess(['job', 'show', 'nothing-1', '--json'], { cwd: bus.folder });
    expect(ran).toMatchObject({ exitCode: 1, stdout: '' });
    expect(errorOf(ran).code).toBe('NOT_FOUND');
  });

  it.each([
    [['queu']],
    [['queue', 'show']],
    [['queue', 'show', 'x', '--nonsense']],
    [['queue', 'list', '--interval', 'x']],
  ])('ends with 2 when %j is not understood', async (args) => {
    const ran = await elsewhere([...args, '--json']);
    expect(ran).toMatchObject({ exitCode: 2, stdout: '' });
    expect(errorOf(ran).code).toBe('USAGE');
  });

  it('ends with 2, and the list of commands, when none is given', async () => {
    const ran = await elsewhere([]);
    expect(ran).toMatchObject({ exitCode: 2, stdout: '' });
    expect(ran.stderr).toMatch(/^ {2}doctor +/m);
    expect(await elsewhere(['--help'])).toMatchObject({ exitCode: 0, stderr: '' });
  });

  it('ends with 3 when nobody says where the bus is', async () => {
    const ran = await elsewhere(['status']);
    expect(ran).toMatchObject({ exitCode: 3, stdout: '' });
    expect(ran.stderr).toMatch(/No bus is known here\.\nHint: set REDIS_URL/);
  });

  it('ends with 3 soon when Redis does not answer', async () => {
    const ran = await elsewhere(['queue', 'list'], {
      REDIS_URL: `redis://:${CANARY}@127.0.0.1:${await freePort()}`,
    });
    expect(ran).toMatchObject({ exitCode: 3, stdout: '' });
    expect(ran.stderr).toMatch(
      /Redis cannot be used: .*ECONNREFUSED.*\nHint: its address is from the environment/,
    );
    expect(ran.stderr).not.toContain(CANARY);
  });

  it('ends with 3 when Redis does not let it in', async () => {
    const url = new URL(bus.env['REDIS_URL']!);
    url.password = 'wrong';
    const ran = await elsewhere(['queue', 'list'], { REDIS_URL: url.href });
    expect(ran).toMatchObject({ exitCode: 3 });
    expect(ran.stderr).toContain('WRONGPASS');
  });

  it('ends with 2 when a setting cannot be used', async () => {
    const ran = await elsewhere(['queue', 'list'], { REDIS_URL: `http://${CANARY}@x` });
    expect(ran).toMatchObject({ exitCode: 2 });
    expect(ran.stderr).toContain('REDIS_URL: must begin with');
    expect(ran.stderr).not.toContain(CANARY);
  });

  it('ends by itself when its reader has seen enough', async () => {
    const stopAfter = (stdout: string) => stdout.split('\n').length > 2;
    const args = ['queue', 'list', '--json', '--watch', '--interval', '0.1'];
    expect(await runProcess(args, { cwd: bus.folder, stopAfter })).toMatchObject({ exitCode: 0, stderr: '' });
  });
});

describe('doctor', { timeout: 120_000 }, () => {
  it('examines the rest when one server is away', async () => {
    const env = { ...bus.env, REDIS_URL: `redis://127.0.0.1:${await freePort()}` };
    const ran = await elsewhere(['doctor', '--json'], { ...env, MQTT_BROKER_ADDRESS: '127.0.0.1' });
    expect(ran.exitCode).toBe(1);
    const { stages } = JSON.parse(ran.stdout) as {
      stages: { stage: string; findings: { outcome: string; hint?: string }[] }[];
    };
    const outcomes = Object.fromEntries(
      stages.map(({ stage, findings }) => [stage, findings.map(({ outcome }) => outcome)]),
    );
    expect(outcomes).toMatchObject({
      redis: ['failed'],
      broker: ['ok', 'ok'],
      postgres: ['ok', 'ok', 'ok'],
      workers: ['failed'],
      metrics: ['failed'],
      clocks: ['skipped', 'ok'],
    });
    const failures = stages.flatMap(({ findings }) => findings).filter(({ outcome }) => outcome === 'failed');
    expect(failures.every(({ hint }) => (hint ?? '') !== '')).toBe(true);
  });

  it('ends with 3 when nothing answers', async () => {
    const port = await freePort();
    const ran = await elsewhere(['doctor'], {
      REDIS_URL: `redis://127.0.0.1:${port}`,
      DATABASE_URL: `postgresql://bus:${CANARY}@127.0.0.1:${port}/bus`,
      MQTT_BROKER_ADDRESS: '127.0.0.1',
      MQTT_BROKER_PORT: String(port),
    });
    expect(ran.exitCode).toBe(3);
    expect(ran.stdout).not.toContain(CANARY);
  });

  it('knows a Redis that forgets', async () => {
    const redis = await startRedis({ appendOnly: false, maxMemory: '1mb' });
    try {
      const ran = await elsewhere(['doctor'], { REDIS_URL: redis.url });
      expect(ran.exitCode).toBe(1);
      expect(ran.stdout).toMatch(/FAIL +persistence: .*\n +-> set appendonly yes/);
      expect(ran.stdout).toMatch(/FAIL +memory: .* of 1\.0 MiB used/);
      expect(ran.stdout).toMatch(/skip +connects: MQTT_BROKER_ADDRESS is not given/);
    } finally {
      await redis.stop();
    }
  });

  it.each([
    ['a wrong password', { MQTT_PASSWORD: CANARY }, /-> MQTT_USERNAME and MQTT_PASSWORD must be/],
    [
      'TLS where there is none',
      { MQTT_SSL_ENABLED: 'true' },
      /-> (?:MQTT_SSL_ENABLED and|its address is from)/,
    ],
  ])('knows %s at the broker', async (_what, changes, hint) => {
    const env = { ...bus.env, MQTT_BROKER_ADDRESS: '127.0.0.1', ...changes };
    const ran = await elsewhere(['doctor'], env);
    expect(ran.exitCode).toBe(1);
    expect(ran.stdout).toMatch(/FAIL +broker can be examined/);
    expect(ran.stdout).toMatch(hint);
    expect(ran.stdout).not.toContain(CANARY);
  });
});

describe('without Postgres', { timeout: 120_000 }, () => {
  it('does its work and says what could not be noted', async () => {
    const ran = await elsewhere(['queue', 'pause', 'reports'], { REDIS_URL: bus.env['REDIS_URL']! });
    expect(ran).toMatchObject({ exitCode: 0, stdout: 'Paused reports.\n' });
    expect(ran.stderr).toContain('Done, but not noted in the audit trail: ');
    await runHere(bus.folder, ['queue', 'resume', 'reports']);
  });
});

describe('a runtime file that is no such thing', () => {
  it.each(['{broken', '[]', '{"redisUrl":5}', 'null'])('%s', async (text) => {
    const folder = createTemporaryDirectory('bus-cli');
    writeRuntime(folder, null);
    const { writeFileSync } = await import('node:fs');
    writeFileSync(`${folder}/.data/runtime.json`, text);
    const ran = await runHere(folder, ['queue', 'list']);
    expect([2, 3]).toContain(ran.exitCode);
    expect(ran.stdout).toBe('');
    removeTemporaryDirectory(folder);
  });
});

describe('secrets', () => {
  it('are on no screen, whatever is asked', async () => {
    const task = doomedTask('process_secret', 'ai_processing');
    const any = {
      password: `${CANARY}-password`,
      nested: [{ api_key: `${CANARY}-key` }],
      note: `Authorization: Bearer ${CANARY}0123456789abcdef`,
      link: `redis://user:${CANARY}-link@host`,
    };
    const sealed = { sealed: `${CANARY}-sealed` };
    await bus.tasks.enqueue(task, { any: { ...any, sealed } }, { jobId: '1', correlationId: 'c-secret' });
    await bus.pool.query(
      `insert into dead_letters (queue, task_name, job_id, params, reason, detail, attempts, correlation_id, failed_at)
       values ('ai_processing', 'process_secret', 'process_secret-1', $1, 'TASK_FAILED', $2, 1, 'c-secret', now())`,
      [JSON.stringify(any), `password=${CANARY}-detail`],
    );
    const commands = [
      'status',
      'doctor',
      'queue list',
      'queue show ai_processing',
      'inspect active',
      'inspect waiting',
      'inspect scheduled',
      'inspect failed',
      'inspect registered',
      'inspect active-queues',
      'inspect stats',
      'job find --queue ai_processing',
      'job find --param any.password=x',
      'job show process_secret-1',
      'job trace c-secret',
      'job retry process_secret-1',
      'job cancel process_secret-1 --reason password=canary-reason',
      'job show process_secret-1',
      'job trace process_secret-1',
      'circuit list',
      'circuit open smtp --reason password=canary-reason',
      'circuit close smtp',
      'schedule list',
      'schedule add secret publish_mqtt --every 1d -p topic=downlink/d/ack -p payload.password=canary-slot',
      'schedule show secret',
      'schedule set secret -p payload.api_key=canary-slot',
      'schedule list',
      'schedule delete secret',
      'dlq list',
      'dlq show 1',
      'dlq requeue 1',
      'task run process_secret',
      'task run process_device_alert --params {"raw":{"password":"x"}}',
      'route process_device_alert',
    ];
    const shown: string[] = [];
    for (const command of commands) {
      for (const form of [[], ['--json']]) {
        const { stdout, stderr } = await runHere(bus.folder, [...command.split(' '), ...form]);
        expect(`${stdout}${stderr}`, command).not.toBe('');
        for (const text of [stdout, stderr]) if (text.includes(CANARY)) shown.push(`${command}: ${text}`);
      }
    }
    expect(shown).toEqual([]);
  }, 120_000);
});
