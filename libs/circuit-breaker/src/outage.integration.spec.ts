import { redisKeys } from '@bus/platform';
import { startRedis, waitFor } from '@bus/testing';
import type { RedisServer } from '@bus/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CircuitOpenError } from './circuit-breaker.errors.ts';
import { startCircuitProcess } from './fixtures/circuit-process.fixture.ts';
import type { CircuitProcess } from './fixtures/circuit-process.fixture.ts';

const fine = () => Promise.resolve('fine');
const broken = () => Promise.reject(new Error('down'));

describe('CircuitBreakers while Redis is away', () => {
  let redis: RedisServer;
  let worker: CircuitProcess;
  let other: CircuitProcess;

  beforeEach(async () => {
    redis = await startRedis({ settings: { appendfsync: 'always' } });
    worker = startCircuitProcess(redis.url, { smtp: { openMs: 3_000 } });
    other = startCircuitProcess(redis.url, { smtp: { openMs: 3_000 } });
    await Promise.all([worker.breakers.call('smtp', {}, fine), other.breakers.call('smtp', {}, fine)]);
  });
  afterEach(async () => {
    if (!redis.isRunning) await redis.restart();
    // A connection that is closed while it subscribes again complains about that where nobody listens.
    await waitFor(async () => {
      const [, subscribers] = await other.connections.commands.pubsub('NUMSUB', redisKeys.circuitChannel);
      return subscribers === 2;
    });
    await Promise.all([worker.close(), other.close()]);
    await redis.stop();
  });

  const fail = async ({ breakers }: CircuitProcess, times: number) => {
    for (let index = 0; index < times; index += 1) {
      await expect(breakers.call('smtp', {}, broken)).rejects.toThrow('down');
    }
  };

  it('lets calls pass as if nothing had happened, and shares its failures when Redis is back', async () => {
    await fail(other, 2);
    await redis.kill('SIGKILL');
    for (let index = 0; index < 50; index += 1)
      expect(await worker.breakers.call('smtp', {}, fine)).toBe('fine');
    // Never asked about before, so nothing is known of it.
    for (let index = 0; index < 50; index += 1) {
      expect(await worker.breakers.call('postgres', {}, fine)).toBe('fine');
    }
    await fail(worker, 3);
    await redis.restart();
    // Two before, three meanwhile: together they are too many.
    await waitFor(async () => (await other.breakers.state('smtp')).state.name === 'open');
    await expect(other.breakers.call('smtp', {}, fine)).rejects.toThrow(CircuitOpenError);
  });

  it('opens on its own at five failures, and tries again on its own', async () => {
    await redis.kill('SIGKILL');
    await fail(worker, 5);
    await expect(worker.breakers.call('smtp', {}, fine)).rejects.toThrow(CircuitOpenError);
    expect(await waitFor(() => worker.breakers.call('smtp', {}, fine))).toBe('fine');
    // Once tried with success, the failures of before are settled: Redis hears nothing of them.
    await redis.restart();
    const view = await waitFor(() => worker.breakers.state('smtp'));
    expect(view).toMatchObject({ state: { name: 'closed' } });
  });

  it('goes on refusing what was refused when Redis went away', async () => {
    await worker.breakers.open('smtp', 'maintenance');
    await redis.kill('SIGKILL');
    await expect(worker.breakers.call('smtp', {}, fine)).rejects.toThrow(CircuitOpenError);
    await redis.restart();
    await waitFor(() => other.breakers.close('smtp'));
    expect(await waitFor(() => worker.breakers.call('smtp', {}, fine))).toBe('fine');
  });

  it('is not held up for more than a moment by a Redis that hangs', async () => {
    await redis.kill('SIGSTOP');
    const outcomes = await Promise.all(
      Array.from({ length: 20 }, () => worker.breakers.call('postgres', {}, fine)),
    );
    expect(new Set(outcomes)).toEqual(new Set(['fine']));
    expect(await worker.breakers.call('smtp', {}, fine)).toBe('fine');
    await redis.kill('SIGCONT');
  });

  it('takes a full Redis, which refuses to write, for one that is away', async () => {
    const { commands } = other.connections;
    await commands.config('SET', 'maxmemory', '1');
    await fail(worker, 5);
    await expect(worker.breakers.call('smtp', {}, fine)).rejects.toThrow(CircuitOpenError);
    await commands.config('SET', 'maxmemory', '0');
    await waitFor(async () => (await other.breakers.state('smtp')).state.name === 'open');
  });

  it('learns of what has changed when it comes back', async () => {
    await redis.kill('SIGKILL');
    expect(await worker.breakers.call('smtp', {}, fine)).toBe('fine');
    await redis.restart();
    await waitFor(() => other.breakers.open('smtp', 'maintenance'));
    await waitFor(() => worker.breakers.lastKnownState('smtp') === 'open');
  });
});
