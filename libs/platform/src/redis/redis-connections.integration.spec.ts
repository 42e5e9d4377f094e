import { setImmediate as turn } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { Metrics } from '@bus/observability';
import {
  createCertificates,
  freePort,
  giveTo,
  serviceUser,
  startRedis,
  waitFor,
  type RedisServer,
} from '@bus/testing';
import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { RedisConnections } from './redis-connections.ts';
import type { RedisPurpose } from './redis-options.ts';

const PURPOSES: RedisPurpose[] = ['commands', 'producer', 'blocking', 'subscriber'];

describe('RedisConnections', () => {
  let server: RedisServer;
  let connections: RedisConnections;
  let metrics: Metrics;

  const unhandled: unknown[] = [];
  const keepUnhandled = (reason: unknown) => void unhandled.push(reason);

  beforeAll(async () => {
    Logger.overrideLogger(false);
    process.on('unhandledRejection', keepUnhandled);
    server = await startRedis();
  });
  afterAll(async () => {
    Logger.overrideLogger(true);
    process.off('unhandledRejection', keepUnhandled);
    await server.stop();
  });
  afterEach(async () => {
    await connections.closeAll();
    if (!server.isRunning) await server.restart();
  });

  function open(url = server.url): RedisConnections {
    metrics = new Metrics({ app: 'test', instance: 'i' });
    return (connections = new RedisConnections({ REDIS_URL: url }, { clientName: 'test:i', metrics }));
  }

  const ready = (purpose: RedisPurpose) => {
    const connection = connections.create(purpose, `my ${purpose}`);
    return new Promise<typeof connection>((resolve) => connection.once('ready', () => resolve(connection)));
  };

  const measured = async (pattern: RegExp) => pattern.exec((await metrics.render()).body)?.[1];

  it.each(PURPOSES)('opens a named connection for %s and measures it', async (purpose) => {
    open();
    const connection = await ready(purpose);
    await connection.ping();
    expect(await connections.commands.client('LIST')).toContain(`name=test:i:my-${purpose}`);
    const gauge = new RegExp(`bus_redis_connected\\{purpose="${purpose}".*\\} (\\d)`);
    expect(await measured(gauge)).toBe(purpose === 'commands' ? '2' : '1');
    await connections.closeAll();
    await waitFor(async () => (await measured(gauge)) === '0');
  });

  it('shares one connection for commands', async () => {
    open();
    await connections.commands.set('a', '1');
    expect(connections.commands).toBe(connections.commands);
  });

  it('lets a producer fail at once while Redis is away, and work again afterwards', async () => {
    open();
    const producer = await ready('producer');
    const closed = new Promise((resolve) => producer.once('close', resolve));
    await server.kill();
    await closed;
    await expect(producer.set('a', '1')).rejects.toThrow(/enableOfflineQueue/);
    const back = new Promise((resolve) => producer.once('ready', resolve));
    await server.restart();
    await back;
    await expect(producer.set('a', '1')).resolves.toBe('OK');
    expect(await measured(/bus_redis_reconnects_total\{purpose="producer".*\} (\d)/)).toBe('1');
  });

  it('rejects what a producer has in flight when Redis dies, and never sends it again', async () => {
    open();
    const producer = await ready('producer');
    await server.kill('SIGSTOP');
    const outcome = producer.rpush('list', 'x').catch((error: Error) => error.name);
    // Frozen, Redis has read nothing yet; killed, it never will.
    await server.kill('SIGKILL');
    expect(await outcome).toBe('MaxRetriesPerRequestError');
    await server.restart();
    await waitFor(() => producer.status === 'ready');
    expect(await connections.commands.llen('list')).toBe(0);
  });

  it('gives a producer up on a Redis that does not answer', async () => {
    open();
    const producer = await ready('producer');
    await server.kill('SIGSTOP');
    try {
      await expect(producer.set('a', '1')).rejects.toThrow('Command timed out');
    } finally {
      await server.kill('SIGCONT');
    }
  });

  it('lets commands wait for Redis to come back', async () => {
    open();
    await connections.commands.set('a', '1');
    await server.kill();
    const answer = connections.commands.get('a');
    await server.restart();
    await expect(answer).resolves.toBe('1');
  });

  it('lets a blocking read survive a restart', async () => {
    open();
    const blocking = await ready('blocking');
    const popped = blocking.blpop('work', 0);
    await server.kill();
    await server.restart();
    await connections.commands.rpush('work', 'job');
    await expect(popped).resolves.toEqual(['work', 'job']);
  });

  it('subscribes again by itself', async () => {
    open();
    const subscriber = await ready('subscriber');
    await subscriber.subscribe('news');
    await server.kill();
    await server.restart();
    const received = new Promise((resolve) => subscriber.once('message', (_channel, text) => resolve(text)));
    await waitFor(async () => (await connections.commands.publish('news', 'hello')) === 1);
    await expect(received).resolves.toBe('hello');
  });

  it('survives being closed in the moment it subscribes again', async () => {
    open();
    const subscriber = await ready('subscriber');
    await subscriber.subscribe('news');
    await subscriber.psubscribe('more.*');
    await server.kill();
    const ended = new Promise((resolve) => subscriber.once('end', resolve));
    // By now it has sent what it wants to hear of, and has no answer yet.
    subscriber.once('ready', () => {
      (subscriber as Redis).stream.destroy();
      subscriber.disconnect();
    });
    await server.restart();
    await ended;
    await turn();
    expect(unhandled).toEqual([]);
  });

  it('reports that it may not subscribe again, and lives on', async () => {
    open();
    const subscriber = await ready('subscriber');
    await subscriber.subscribe('news');
    const refused = new Promise<Error>((resolve) => subscriber.once('error', resolve));
    try {
      // Redis also drops who listens to what it may not hear any more.
      await connections.commands.acl('SETUSER', 'default', 'resetchannels');
      expect((await refused).message).toMatch(/NOPERM/);
    } finally {
      await connections.commands.acl('SETUSER', 'default', 'allchannels');
    }
    await turn();
    expect(unhandled).toEqual([]);
    await subscriber.subscribe('news');
  });

  it('logs an outage in few lines and never lets an error escape', async () => {
    const warn = vi.spyOn(Logger.prototype, 'warn');
    open();
    await ready('commands');
    await server.kill();
    await waitFor(
      async () => Number(await measured(/bus_redis_errors_total\{purpose="commands".*\} (\d+)/)) >= 3,
    );
    expect(warn).toHaveBeenCalledTimes(1);
    expect(warn).toHaveBeenCalledWith(expect.stringContaining("'my commands' failed"), expect.any(Object));
    warn.mockRestore();
  });

  it('closes everything, also while Redis is away or a read is blocking, and stays closed', async () => {
    open();
    const blocking = await ready('blocking');
    const popped = blocking.blpop('nothing', 0).catch((error: Error) => error.message);
    await ready('subscriber');
    await server.kill('SIGSTOP');
    connections.create('producer', 'never ready');
    await connections.closeAll();
    await server.kill('SIGCONT');
    expect(await popped).toMatch(/closed/i);
    expect(() => connections.create('commands', 'late')).toThrow("'late' comes too late");
    await connections.closeAll();
  });

  it('speaks TLS with the authority it is given, and refuses any other', async () => {
    const certificates = await createCertificates(server.dir);
    giveTo(serviceUser('redis'), certificates.certFile, certificates.keyFile);
    const port = await freePort();
    const secure = await startRedis({
      settings: {
        'tls-port': String(port),
        'tls-cert-file': certificates.certFile,
        'tls-key-file': certificates.keyFile,
        'tls-auth-clients': 'no',
      },
    });
    try {
      const url = `rediss://127.0.0.1:${port}`;
      connections = new RedisConnections({ REDIS_URL: url, REDIS_CA_FILE: certificates.caFile });
      expect(await connections.commands.ping()).toBe('PONG');
      const distrustful = new RedisConnections({ REDIS_URL: url });
      const refused = new Promise<Error>((resolve) => distrustful.commands.once('error', resolve));
      expect((await refused).message).toMatch(/certificate/);
      await distrustful.closeAll();
    } finally {
      await secure.stop();
    }
  });

  it('works on a cluster', async () => {
    const node = await startRedis({
      settings: { 'cluster-enabled': 'yes', 'cluster-announce-ip': '127.0.0.1' },
    });
    try {
      const admin = new Redis(node.url);
      await admin.cluster('ADDSLOTSRANGE', 0, 16_383);
      await waitFor(async () => (await admin.cluster('INFO')).includes('cluster_state:ok'));
      admin.disconnect();
      open(node.url.replace('redis://', 'redis-cluster://'));
      expect(await connections.commands.set('a', '1')).toBe('OK');
      const subscriber = connections.create('subscriber', 'subscriber');
      await subscriber.subscribe('news');
      const received = new Promise((resolve) =>
        subscriber.once('message', (_channel, text) => resolve(text)),
      );
      await connections.commands.publish('news', 'hello');
      await expect(received).resolves.toBe('hello');
      await connections.closeAll();
    } finally {
      await node.stop();
    }
  });
});
