import { Logger } from '@nestjs/common';
import { startRedis, waitFor, type RedisServer } from '@bus/testing';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { RedisConnections, type RedisConnection } from './redis-connections.ts';
import { RedisWriteBarrier } from './redis-write-barrier.ts';

describe('RedisWriteBarrier on a real Redis', () => {
  const warn = vi.spyOn(Logger.prototype, 'warn').mockReturnValue();
  let server: RedisServer;
  let connections: RedisConnections;
  let connection: RedisConnection;
  let barrier: RedisWriteBarrier;

  beforeEach(async () => {
    server = await startRedis();
    connections = new RedisConnections({ REDIS_URL: server.url });
    connection = connections.create('producer', 'write-barrier');
    barrier = new RedisWriteBarrier(connection);
    await waitFor(() => barrier.mark() !== undefined);
    warn.mockClear();
  });
  afterEach(async () => {
    if (server.isRunning) await server.kill('SIGCONT');
    await connections.closeAll();
    await server.stop();
  });

  it('lets pass what then survives a SIGKILL, although others write all the time', async () => {
    const enough = new AbortController();
    const noise = (async () => {
      while (!enough.signal.aborted) await connections.commands.set('noise', 'x'.repeat(1_000));
    })();
    for (let number = 0; number < 100; number += 1) {
      const mark = barrier.mark();
      await connections.commands.rpush('list', number);
      await barrier.passed(mark);
    }
    enough.abort();
    await noise;
    await server.kill('SIGKILL');
    await server.restart();
    expect(await connections.commands.llen('list')).toBe(100);
    expect(warn).not.toHaveBeenCalledWith(expect.stringContaining('counts as kept'));
  });

  it('rejects when Redis is killed meanwhile, and when it was restarted since the mark', async () => {
    const mark = barrier.mark();
    await server.kill('SIGSTOP');
    const passed = barrier.passed(mark);
    await Promise.all([
      expect(passed).rejects.toThrow('connection to Redis was lost'),
      server.kill('SIGKILL'),
    ]);
    await server.restart();
    await waitFor(() => connection.status === 'ready');
    await expect(barrier.passed(mark)).rejects.toThrow('connection to Redis was lost');
    await barrier.passed(barrier.mark());
  });

  it('does not ask for what cannot be: without the permission, and without the file', async () => {
    await connections.commands.call('ACL', 'SETUSER', 'default', '-info');
    await barrier.passed(barrier.mark());
    await barrier.passed(barrier.mark());
    await connections.commands.call('ACL', 'SETUSER', 'default', '+info');
    await connections.commands.config('SET', 'appendonly', 'no');
    await barrier.passed(barrier.mark());
    expect(warn.mock.calls.map(([message]) => /\((.*?)\)/.exec(String(message))?.[1])).toEqual([
      'INFO is not allowed',
      'its append-only file is switched off',
    ]);
  });
});
