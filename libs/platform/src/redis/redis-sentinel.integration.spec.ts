import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Logger } from '@nestjs/common';
import { findBinary, freePort, ManagedProcess, startRedis, waitFor, type RedisServer } from '@bus/testing';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RedisConnections } from './redis-connections.ts';

describe('RedisConnections with sentinels', () => {
  let servers: RedisServer[] = [];
  let sentinel: ManagedProcess;
  let port: number;
  const directory = mkdtempSync(join(tmpdir(), 'sentinel-'));

  beforeAll(async () => {
    Logger.overrideLogger(false);
    const master = await startRedis();
    const replica = await startRedis({ settings: { 'replica-priority': '1' } });
    servers = [master, replica];
    const admin = new Redis(replica.url);
    await admin.replicaof('127.0.0.1', master.port);
    await waitFor(async () => (await admin.info('replication')).includes('master_link_status:up'));
    admin.disconnect();
    port = await freePort();
    const config = join(directory, 'sentinel.conf');
    writeFileSync(config, `port ${port}\nbind 127.0.0.1\nsentinel monitor main 127.0.0.1 ${master.port} 1\n`);
    sentinel = await ManagedProcess.start({
      name: 'sentinel',
      command: findBinary('redis-server'),
      args: [config, '--sentinel'],
      env: {},
      isReady: (line) => line.includes('+monitor'),
    });
  });
  afterAll(async () => {
    Logger.overrideLogger(true);
    await sentinel?.stop();
    await Promise.all(servers.map((server) => server.stop()));
    rmSync(directory, { recursive: true });
  });

  it('finds the master, and the new one after a failover', { timeout: 60_000 }, async () => {
    const connections = new RedisConnections({ REDIS_URL: `redis-sentinel://127.0.0.1:${port}/main` });
    const asked = new Redis({ port, host: '127.0.0.1' });
    try {
      await connections.commands.set('a', '1');
      const port0 = await connections.commands.config('GET', 'port');
      expect(port0).toEqual(['port', String(servers[0]?.port)]);

      // The sentinel needs a while to know its replica well enough to promote it.
      await waitFor(async () => (await asked.call('SENTINEL', 'FAILOVER', 'main')) === 'OK', {
        timeoutMs: 25_000,
      });
      await waitFor(
        async () => {
          const role = await connections.commands.config('GET', 'port');
          await connections.commands.set('a', '2');
          return JSON.stringify(role) === JSON.stringify(['port', String(servers[1]?.port)]);
        },
        { timeoutMs: 30_000, message: 'the connection to follow the failover' },
      );
      expect(await connections.commands.get('a')).toBe('2');
    } finally {
      asked.disconnect();
      await connections.closeAll();
    }
  });
});
