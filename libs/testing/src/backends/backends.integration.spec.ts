import { readFileSync } from 'node:fs';
import { connect, connectAsync, type IClientOptions, type MqttClient } from 'mqtt';
import { Redis } from 'ioredis';
import { Client } from 'pg';
import { afterEach, describe, expect, inject, it } from 'vitest';
import { isAlive } from '../processes/process-identity.ts';
import { waitFor } from '../time/wait-for.ts';
import { startMosquitto } from './mosquitto-server.ts';
import { createDatabase } from './postgres-database.ts';
import { startPostgres } from './postgres-server.ts';
import { createRedisDatabase } from './redis-database.ts';
import { startRedis } from './redis-server.ts';

const cleanUps: (() => unknown)[] = [];
const atEnd = (cleanUp: () => unknown): void => void cleanUps.unshift(cleanUp);

afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0)) await cleanUp();
});

function redisClient(url: string): Redis {
  const client = new Redis(url, { maxRetriesPerRequest: 1 });
  client.on('error', () => {}); // Connections are expected to break here.
  atEnd(() => client.disconnect());
  return client;
}

async function query(url: string, sql: string): Promise<unknown[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}

async function mqttClient(url: string, options: IClientOptions = {}): Promise<MqttClient> {
  const client = await connectAsync(url, { protocolVersion: 5, reconnectPeriod: 0, ...options });
  client.on('error', () => {});
  atEnd(() => client.endAsync(true));
  return client;
}

describe('startRedis', () => {
  it('keeps its port and its data over SIGKILL and restart', async () => {
    const redis = await startRedis({ password: 'with "quotes" and space' });
    atEnd(() => redis.stop());
    await redisClient(redis.url).set('kept', 'yes');
    const { pid, port } = redis;

    await redis.kill();
    expect(isAlive(pid)).toBe(false);
    await redis.restart();

    expect(redis.port).toBe(port);
    expect(redis.pid).not.toBe(pid);
    expect(await redisClient(redis.url).get('kept')).toBe('yes');
  });

  it('refuses writes when its memory is full', async () => {
    const redis = await startRedis({ maxMemory: '3mb' });
    atEnd(() => redis.stop());
    const client = redisClient(redis.url);
    await expect(async () => {
      for (let i = 0; i < 50; i += 1) await client.set(`filler:${i}`, 'x'.repeat(100_000));
    }).rejects.toThrow(/OOM/);
  });

  it('refuses clients without the password', async () => {
    const redis = await startRedis({ password: 'secret' });
    atEnd(() => redis.stop());
    await expect(redisClient(`redis://127.0.0.1:${redis.port}`).ping()).rejects.toThrow(/NOAUTH/);
  });

  it('reports what the server printed when it cannot start', async () => {
    await expect(startRedis({ settings: { 'no-such-setting': '1' } })).rejects.toThrow(/no-such-setting/);
  });
});

describe('startMosquitto', () => {
  it('keeps a durable session over a clean restart', async () => {
    const broker = await startMosquitto();
    atEnd(() => broker.stop());
    const session: IClientOptions = {
      username: 'tester',
      password: 'tester',
      clientId: 'durable',
      clean: false,
      properties: { sessionExpiryInterval: 600 },
    };
    const subscriber = await mqttClient(broker.url, session);
    await subscriber.subscribeAsync('kept/#', { qos: 1 });
    await subscriber.endAsync();
    const publisher = await mqttClient(broker.url, { username: 'tester', password: 'tester' });
    await publisher.publishAsync('kept/one', 'payload', { qos: 1 });

    await broker.restart();

    const received = new Promise<string>((resolve) => {
      // Queued messages come right behind the CONNACK, so the listener must be there before.
      const again = connect(broker.url, { protocolVersion: 5, ...session });
      atEnd(() => again.endAsync(true));
      again.on('message', resolve);
    });
    expect(await received).toBe('kept/one');
  });

  it('holds users to the ACL and takes a new one while running', async () => {
    const users = [{ username: 'device-1', password: 'secret' }];
    const broker = await startMosquitto({ users, acl: 'pattern write device/%u/#\n' });
    atEnd(() => broker.stop());
    const credentials = { username: 'device-1', password: 'secret' };
    const device = await mqttClient(broker.url, credentials);
    await device.publishAsync('device/device-1/telemetry', '{}', { qos: 1 });
    await expect(device.publishAsync('alert/panic/device-1', '{}', { qos: 1 })).rejects.toThrow(
      /Not authorized/,
    );

    await broker.reload({ acl: 'pattern write alert/+/%u\n' });
    await waitFor(
      async () => {
        await device.publishAsync('alert/panic/device-1', '{}', { qos: 1 });
        return true;
      },
      { message: 'the broker to read its new ACL' },
    );
  });

  it('refuses anonymous clients and wrong passwords', async () => {
    const broker = await startMosquitto();
    atEnd(() => broker.stop());
    await expect(mqttClient(broker.url)).rejects.toThrow(/Not authorized/);
    await expect(mqttClient(broker.url, { username: 'tester', password: 'no' })).rejects.toThrow(
      /Not authorized/,
    );
  });

  it('serves TLS that verifies against its own authority only', async () => {
    const broker = await startMosquitto({ tls: true });
    atEnd(() => broker.stop());
    const credentials = { username: 'tester', password: 'tester' };
    const ca = readFileSync(broker.tls?.caFile ?? '');
    const client = await mqttClient(broker.tls?.url ?? '', { ...credentials, ca });
    expect(client.connected).toBe(true);
    await expect(mqttClient(broker.tls?.url ?? '', credentials)).rejects.toThrow(/certificate/);
  });
});

describe('startPostgres', () => {
  it('keeps committed rows over SIGKILL and restart', async () => {
    const postgres = await startPostgres();
    atEnd(() => postgres.stop());
    const database = await postgres.createDatabase('with-dash');
    await query(database.url, 'create table kept (n int); insert into kept values (42)');

    await postgres.kill();
    await postgres.restart();

    expect(await query(database.url, 'select n from kept')).toEqual([{ n: 42 }]);
    expect(await query(database.url, 'show fsync')).toEqual([{ fsync: 'on' }]);
  });
});

describe('the shared servers', () => {
  it('give each spec a PostgreSQL database of its own', async () => {
    const database = await createDatabase(inject('databaseUrl'));
    expect(await query(database.url, 'select current_database() as name')).toEqual([{ name: database.name }]);
    await database.drop();
    await expect(query(database.url, 'select 1')).rejects.toThrow(/does not exist/);
  });

  it('give each spec a Redis database of its own', async () => {
    const [one, other] = [
      redisClient(await createRedisDatabase(inject('redisUrl'))),
      redisClient(await createRedisDatabase(inject('redisUrl'))),
    ];
    await one.set('key', 'mine');
    expect(await other.get('key')).toBeNull();
  });

  it('let their user publish on the broker', async () => {
    const client = await mqttClient(`mqtt://${inject('mqttHost')}:${inject('mqttPort')}`, {
      username: inject('mqttUsername'),
      password: inject('mqttPassword'),
    });
    await expect(client.publishAsync('anything/at/all', '', { qos: 1 })).resolves.toBeDefined();
  });
});
