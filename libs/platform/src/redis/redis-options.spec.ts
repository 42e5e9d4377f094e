import { describe, expect, it } from 'vitest';
import { clusterOptions, reconnectDelayMs, redisOptions, type RedisPurpose } from './redis-options.ts';
import { parseRedisUrl } from './redis-url.ts';

const standalone = (purpose: RedisPurpose) =>
  redisOptions(parseRedisUrl('redis://u:p@h:1/2'), purpose, 'name');

describe('reconnectDelayMs', () => {
  it('grows to at most one second, never gives up, and is spread', () => {
    for (const attempt of [1, 2, 5, 10, 1_000, 1e9]) {
      const least = reconnectDelayMs(attempt, () => 0);
      const most = reconnectDelayMs(attempt, () => 1);
      expect(least).toBeGreaterThan(0);
      expect(most).toBeLessThanOrEqual(1_000);
      expect(least).toBeLessThan(most);
    }
    expect(reconnectDelayMs(1, () => 1)).toBe(50);
  });
});

describe('redisOptions', () => {
  it('lets a blocking connection wait for ever', () => {
    expect(standalone('blocking')).toMatchObject({ maxRetriesPerRequest: null, enableOfflineQueue: true });
    expect(standalone('blocking')).not.toHaveProperty('commandTimeout');
  });

  it('lets a producer fail fast', () => {
    expect(standalone('producer')).toMatchObject({
      enableOfflineQueue: false,
      commandTimeout: 2_000,
      autoResendUnfulfilledCommands: false,
    });
  });

  it('connects anew and sends again on READONLY only', () => {
    const { reconnectOnError } = standalone('commands');
    expect(reconnectOnError?.(new Error("READONLY You can't write against a read only replica."))).toBe(2);
    expect(reconnectOnError?.(new Error('ERR something mentions READONLY'))).toBe(false);
  });

  it('asks the sentinels, with TLS on both legs', () => {
    const target = parseRedisUrl('rediss-sentinel://u:p@a:1,b:2/main?sentinelPassword=sp');
    expect(redisOptions(target, 'commands', 'name')).toMatchObject({
      sentinels: [
        { host: 'a', port: 1 },
        { host: 'b', port: 2 },
      ],
      name: 'main',
      sentinelPassword: 'sp',
      tls: {},
      enableTLSForSentinelMode: true,
      sentinelTLS: {},
    });
  });

  it('hands the same rules to every node of a cluster', () => {
    const options = clusterOptions(parseRedisUrl('rediss-cluster://u:p@a'), 'producer', 'name');
    expect(options).toMatchObject({
      enableOfflineQueue: false,
      redisOptions: { username: 'u', password: 'p', tls: {}, commandTimeout: 2_000 },
    });
  });
});
