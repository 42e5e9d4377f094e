import { createRedisDatabase } from '@bus/testing';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { RedisConnections } from '../redis/redis-connections.ts';
import { redisKeys } from '../redis/redis-keys.ts';
import { readMetricsSnapshots } from './read-metrics-snapshots.ts';

let connections: RedisConnections;

beforeAll(async () => {
  connections = new RedisConnections({ REDIS_URL: await createRedisDatabase(inject('redisUrl')) });
});
afterAll(() => connections.closeAll());

describe('readMetricsSnapshots', () => {
  it('has every process by name, and leaves out what is no snapshot', async () => {
    const snapshot = (app: string) => ({ at: 2, app, instance: '1', started_at: 1, metrics: [] });
    await connections.commands.hset(redisKeys.metrics, {
      'worker/1': JSON.stringify(snapshot('worker')),
      'gateway/1': JSON.stringify(snapshot('gateway')),
      'broken/1': '{',
      'null/1': 'null',
      'list/1': '[]',
      'partial/1': JSON.stringify({ ...snapshot('partial'), metrics: undefined }),
    });
    expect(await readMetricsSnapshots(connections.commands)).toEqual([
      snapshot('gateway'),
      snapshot('worker'),
    ]);
  });
});
