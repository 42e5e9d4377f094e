import { execFile } from 'node:child_process';
import { createServer, type AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { createRedisDatabase, ManagedProcess, waitFor } from '@bus/testing';
import { Redis } from 'ioredis';
import { afterEach, beforeAll, describe, expect, inject, it } from 'vitest';
import type { MetricsSnapshot } from '../metrics/metrics-snapshot.ts';
import { redisKeys } from '../redis/redis-keys.ts';

const LIBRARY = fileURLToPath(new URL('../..', import.meta.url));
const TSC = fileURLToPath(new URL('../../../../node_modules/.bin/tsc', import.meta.url));

interface LogLine {
  readonly level: string;
  readonly msg: string;
  readonly [field: string]: unknown;
}

class Fixture {
  readonly process: ManagedProcess;
  readonly lines: LogLine[];

  constructor(process: ManagedProcess, lines: LogLine[]) {
    this.process = process;
    this.lines = lines;
  }

  line(msg: string): Promise<LogLine> {
    return waitFor(() => this.lines.find((line) => line.msg.startsWith(msg)), {
      message: `"${msg}" in ${JSON.stringify(this.lines)} ${this.process.output}`,
    });
  }

  async opsUrl(): Promise<string> {
    return `http://127.0.0.1:${String((await this.line('ready'))['ops_port'])}`;
  }

  async exitCode(): Promise<number | null> {
    return (await this.process.exited).code;
  }
}

describe('runApp in a process of its own', () => {
  let fixture: Fixture;

  beforeAll(async () => {
    await promisify(execFile)(TSC, ['-b', LIBRARY]).catch((error: { stdout?: string }) => {
      throw new Error(`The library does not compile:\n${error.stdout}`, { cause: error });
    });
  }, 120_000);
  afterEach(() => fixture?.process.kill('SIGKILL'));

  async function start(env: Record<string, string> = {}): Promise<Fixture> {
    const lines: LogLine[] = [];
    const child = await ManagedProcess.start({
      name: 'fixture',
      command: process.execPath,
      args: [fileURLToPath(new URL('../../dist/lifecycle/run-app.fixture.js', import.meta.url))],
      env: { INSTANCE_ID: 'fixture-1', ...env },
      onLine: (line, stream) => {
        if (stream === 'stdout') lines.push(JSON.parse(line));
      },
    });
    return (fixture = new Fixture(child, lines));
  }

  it('tells when it is ready and serves its operations port', async () => {
    await start();
    const url = await fixture.opsUrl();
    expect(await fixture.line('ready')).toMatchObject({
      level: 'info',
      app: 'fixture',
      instance: 'fixture-1',
    });

    const live = await fetch(`${url}/healthz/live`);
    expect([live.status, await live.json()]).toMatchObject([200, { live: true }]);
    const ready = await fetch(`${url}/healthz/ready`);
    expect([ready.status, await ready.json()]).toEqual([200, { ready: true, checks: {} }]);
    const metrics = await fetch(`${url}/metrics?x=1`);
    expect(metrics.status).toBe(200);
    expect(await metrics.text()).toContain('process_cpu_seconds_total{app="fixture",instance="fixture-1"}');

    for (const method of ['POST', 'PUT', 'DELETE', 'HEAD']) {
      const refused = await fetch(`${url}/metrics`, { method });
      expect([refused.status, refused.headers.get('allow')]).toEqual([405, 'GET']);
    }
    expect((await fetch(`${url}/etc/passwd`)).status).toBe(404);
  });

  it.each(['SIGTERM', 'SIGINT'] as const)('stops in order on %s and exits with 0', async (signal) => {
    await start();
    await fixture.line('ready');
    await fixture.process.kill(signal);
    expect(await fixture.exitCode()).toBe(0);
    expect(fixture.lines.map(({ msg }) => msg)).toEqual([
      'starting',
      'ready',
      `${signal}: stopping.`,
      'intake stopped',
      'drained',
      'connections closed',
      'stopped',
    ]);
  });

  it('is alive but not ready while it drains', async () => {
    await start({ FIXTURE: 'drain-slow' });
    const url = await fixture.opsUrl();
    await fixture.process.kill('SIGTERM');
    await fixture.line('intake stopped');
    const ready = await fetch(`${url}/healthz/ready`);
    expect([ready.status, await ready.json()]).toMatchObject([
      503,
      { ready: false, checks: { draining: { ok: false } } },
    ]);
    expect((await fetch(`${url}/healthz/live`)).status).toBe(200);
    expect(await fixture.exitCode()).toBe(0);
  });

  it('exits with 1 at the deadline and says what was still open', async () => {
    await start({ FIXTURE: 'drain-hangs', SHUTDOWN_DEADLINE_MS: '300' });
    await fixture.line('ready');
    await fixture.process.kill('SIGTERM');
    expect(await fixture.exitCode()).toBe(1);
    expect(await fixture.line('Not stopped within 300 ms')).toMatchObject({
      level: 'error',
      open: { Timeout: expect.any(Number), TCPServerWrap: 1 },
    });
  });

  it('stops at once on a second signal', async () => {
    await start({ FIXTURE: 'drain-hangs', SHUTDOWN_DEADLINE_MS: '600000' });
    await fixture.line('ready');
    await fixture.process.kill('SIGTERM');
    await fixture.line('intake stopped');
    await fixture.process.kill('SIGINT');
    expect(await fixture.exitCode()).toBe(1);
    expect(await fixture.line('SIGINT again')).toMatchObject({ level: 'error' });
  });

  it('finishes its start, then stops, when the signal comes early', async () => {
    await start({ FIXTURE: 'start-slow' });
    await fixture.line('starting');
    await fixture.process.kill('SIGTERM');
    expect(await fixture.exitCode()).toBe(0);
    const messages = fixture.lines.map(({ msg }) => msg);
    expect(messages).toContain('connections closed');
    expect(messages).not.toContain('ready');
  });

  it('goes on stopping when one hook fails, and tells', async () => {
    await start({ FIXTURE: 'close-fails' });
    await fixture.line('ready');
    await fixture.process.kill('SIGTERM');
    await fixture.exitCode();
    expect(await fixture.line('cannot stop')).toMatchObject({
      level: 'error',
      err: { message: 'cannot stop' },
    });
    await fixture.line('drained');
    await fixture.line('connections closed');
  });

  it.each([
    ['start-fails', 'The app could not start', 'no work to do'],
    ['throws', 'Uncaught exception', 'thrown'],
    ['rejects', 'Unhandled rejection', 'rejected'],
  ])('logs why and exits with 1 when it %s', async (behaviour, message, reason) => {
    await start({ FIXTURE: behaviour });
    expect(await fixture.exitCode()).toBe(1);
    expect(await fixture.line(message)).toMatchObject({
      level: 'fatal',
      err: { message: expect.stringContaining(reason), stack: expect.stringContaining('run-app.fixture') },
    });
    expect(fixture.process.output).not.toContain('canary');
  });

  it('says so when its operations port is taken', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => other.once('listening', resolve));
    try {
      await start({ OPS_PORT: String((other.address() as AddressInfo).port) });
      expect(await fixture.exitCode()).toBe(1);
      expect(await fixture.line('The app could not start')).toMatchObject({ err: { code: 'EADDRINUSE' } });
    } finally {
      other.close();
    }
  });

  it('lists every problem of its settings in one JSON line and exits with 1', async () => {
    await start({ OPS_PORT: 'canary', LOG_LEVEL: 'canary' });
    expect(await fixture.exitCode()).toBe(1);
    const line = await fixture.line('The settings cannot be used');
    expect(line).toMatchObject({
      level: 'fatal',
      problems: [{ setting: 'OPS_PORT', problem: 'must be a number' }, { setting: 'LOG_LEVEL' }],
    });
    expect(fixture.process.output).not.toContain('canary');
  });

  it('warns of a misspelt setting', async () => {
    await start({ OPS_PROT: '1' });
    expect(await fixture.line('OPS_PROT is not a setting')).toMatchObject({ level: 'warn' });
  });

  describe('with Redis', () => {
    let redis: Redis;
    let redisUrl: string;

    beforeAll(async () => {
      redisUrl = await createRedisDatabase(inject('redisUrl'));
      redis = new Redis(redisUrl);
      return () => redis.quit();
    });

    const snapshot = async (): Promise<MetricsSnapshot | undefined> => {
      const json = await redis.hget(redisKeys.metrics, 'fixture/fixture-1');
      return json === null ? undefined : JSON.parse(json);
    };

    it('keeps its metrics in Redis up to date and removes them when it stops', async () => {
      await start({ REDIS_URL: redisUrl, METRICS_SNAPSHOT_INTERVAL_MS: '100' });
      const url = await fixture.opsUrl();
      const first = await waitFor(snapshot);
      expect(first).toMatchObject({ app: 'fixture', instance: 'fixture-1' });
      expect(first.metrics.map(({ name }) => name)).toContain('process_cpu_seconds_total');
      expect(first.started_at).toBeLessThanOrEqual(first.at);
      await waitFor(async () => (await snapshot())?.at !== first.at);
      expect(await (await fetch(`${url}/healthz/ready`)).json()).toEqual({
        ready: true,
        checks: { redis: { ok: true } },
      });
      await fixture.process.kill('SIGTERM');
      expect(await fixture.exitCode()).toBe(0);
      expect(await snapshot()).toBeUndefined();
    });

    it('leaves its metrics behind when it is killed', async () => {
      await start({ REDIS_URL: redisUrl, METRICS_SNAPSHOT_INTERVAL_MS: '100' });
      await waitFor(snapshot);
      await fixture.process.kill('SIGKILL');
      expect(await snapshot()).toMatchObject({ app: 'fixture' });
    });
  });
});
