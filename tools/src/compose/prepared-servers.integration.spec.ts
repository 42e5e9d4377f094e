import { chmodSync, chownSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { DEMO_USERS, verifyPassword } from '@bus/database';
import {
  createDatabase,
  createTemporaryDirectory,
  findBinary,
  freePort,
  ManagedProcess,
  removeTemporaryDirectory,
} from '@bus/testing';
import { Redis } from 'ioredis';
import { connectAsync, type IClientOptions, type MqttClient } from 'mqtt';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import type { BusApp } from '../bus/app-environment.ts';
import type { Runtime } from '../start/runtime-file.ts';
import { migrate } from './migrate.ts';
import { mayChangeUser, ownersHere } from './owners.fixture.ts';
import { prepare } from './prepare.ts';

/** Servers started as their containers start them: with the prepared files, as the user those are meant for. */
describe('what is prepared', () => {
  const cleanUps: (() => unknown)[] = [];
  const atEnd = (cleanUp: () => unknown): void => void cleanUps.unshift(cleanUp);
  let root: string;
  let mqttPort: number;

  const read = (...path: string[]): string => readFileSync(join(root, ...path), 'utf8');
  const environmentOf = (app: BusApp) => parseEnv(read(app, 'app.env')) as Record<string, string>;

  beforeAll(async () => {
    root = createTemporaryDirectory('compose');
    chmodSync(root, 0o711);
    atEnd(() => removeTemporaryDirectory(root));
    mqttPort = await freePort();
    prepare(root, {
      owners: ownersHere,
      broker: {
        configDirectory: join(root, 'mosquitto'),
        dataDirectory: dataDirectory('mosquitto'),
        listener: `${mqttPort} 127.0.0.1`,
      },
    });
    await startServer('mosquitto', 'mosquitto', ['-c', join(root, 'mosquitto/mosquitto.conf')], /running/);
  });
  afterAll(async () => {
    for (const cleanUp of cleanUps) await cleanUp();
  });

  it('lets a demo device in and sends its messages to mqtt-ingest', async () => {
    const { MQTT_USERNAME: username, MQTT_PASSWORD: password } = environmentOf('mqtt-ingest');
    const ingest = await connect({ username: username ?? '', password: password ?? '' });
    await ingest.subscribeAsync('device/#', { qos: 1 });
    const arrived = new Promise<string>((resolve) => ingest.once('message', (topic) => resolve(topic)));
    const device = await connect(demoDevice());
    await device.publishAsync(`device/${demoDevice().username}/telemetry`, '{}', { qos: 1 });
    expect(await arrived).toBe(`device/${demoDevice().username}/telemetry`);
  });

  it.each<[string, () => IClientOptions]>([
    ['who does not say its name', () => ({})],
    ['who guesses a password', () => ({ ...demoDevice(), password: 'guess' })],
    ['who is not of the bus', () => ({ username: 'stranger', password: 'stranger' })],
  ])('keeps out a client %s', async (_who, options) => {
    await expect(connect(options())).rejects.toThrow(/not authorized/i);
  });

  it('lets a device write nothing in the name of another one', async () => {
    const device = await connect(demoDevice());
    await expect(device.publishAsync('device/device-002/telemetry', '{}', { qos: 1 })).rejects.toThrow(
      /not authorized/i,
    );
  });

  it('makes Redis ask for the password the apps have, and keep what it is given', async () => {
    const port = await freePort();
    await startServer(
      'redis',
      'redis-server',
      [
        join(root, 'redis/redis.conf'),
        '--port',
        `${port}`,
        '--bind',
        '127.0.0.1',
        '--dir',
        dataDirectory('redis'),
      ],
      /Ready to accept connections/,
    );
    const url = new URL(environmentOf('task-worker')['REDIS_URL'] ?? '');
    url.host = `127.0.0.1:${port}`;
    expect(await configurationOf(url.toString())).toEqual({
      appendonly: 'yes',
      'maxmemory-policy': 'noeviction',
    });
    url.password = '';
    await expect(configurationOf(url.toString())).rejects.toThrow('NOAUTH');
    expect(read('redis', 'password')).toBe(new URL(environmentOf('ws-gateway')['REDIS_URL'] ?? '').password);
  });

  it('lets the migration be repeated, and tells the demo login each time', { timeout: 90_000 }, async () => {
    const database = await createDatabase(inject('databaseUrl'));
    const runtime = JSON.parse(read('migrate', 'runtime.json')) as Runtime;
    const file = join(root, 'runtime-here.json');
    writeFileSync(file, JSON.stringify({ ...runtime, databaseUrl: database.url }));

    const told = await migrate(file);
    expect(await migrate(file)).toBe(told);
    const noc = runtime.demo.users.find(({ role }) => role === 'noc_operator');
    expect(told).toContain(`${runtime.nocUrl}   ${noc?.username} / ${noc?.password}`);
    const users = await query(database.url, 'select username, password_hash from users');
    expect(users).toHaveLength(DEMO_USERS.length);
    const hash = users.find(({ username }) => username === noc?.username)?.['password_hash'] ?? '';
    expect(await verifyPassword(noc?.password ?? '', hash)).toBe(true);
  });

  function demoDevice(): { username: string; password: string } {
    const { devices } = (JSON.parse(read('fleet', 'runtime.json')) as Runtime).demo;
    return { username: devices[0]?.username ?? '', password: devices[0]?.password ?? '' };
  }

  async function connect(options: IClientOptions): Promise<MqttClient> {
    const client = await connectAsync(`mqtt://127.0.0.1:${mqttPort}`, {
      protocolVersion: 5,
      reconnectPeriod: 0,
      ...options,
    });
    atEnd(() => client.endAsync(true));
    return client;
  }

  function dataDirectory(service: 'mosquitto' | 'redis'): string {
    const path = join(root, `${service}-data`);
    mkdirSync(path, { mode: 0o700 });
    chownSync(path, ownersHere[service].uid, ownersHere[service].gid);
    return path;
  }

  async function startServer(
    service: 'mosquitto' | 'redis',
    binary: 'mosquitto' | 'redis-server',
    args: string[],
    ready: RegExp,
  ): Promise<void> {
    const server = await ManagedProcess.start({
      name: service,
      command: findBinary(binary),
      args,
      cwd: root,
      env: {},
      ...(mayChangeUser ? { user: ownersHere[service] } : {}),
      isReady: (line) => ready.test(line),
    });
    atEnd(() => server.stop());
  }
});

async function configurationOf(url: string): Promise<unknown> {
  const client = new Redis(url, { maxRetriesPerRequest: 1, retryStrategy: () => null });
  client.on('error', () => {}); // Its commands tell.
  try {
    const pairs = (await client.call('config', 'get', 'appendonly', 'maxmemory-policy')) as string[];
    return Object.fromEntries(pairs.flatMap((name, at) => (at % 2 === 0 ? [[name, pairs[at + 1]]] : [])));
  } finally {
    client.disconnect();
  }
}

async function query(url: string, sql: string): Promise<Record<string, string>[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Record<string, string>>(sql)).rows;
  } finally {
    await client.end();
  }
}
