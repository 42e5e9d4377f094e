import { expect, it } from 'vitest';
import { parseRedisInfo } from './redis-info.ts';

const INFO = [
  '# Server',
  'redis_version:7.0.15',
  'uptime_in_seconds:77',
  '',
  '# Clients',
  'connected_clients:5',
  'used_memory:1048576',
  'maxmemory:0',
  'aof_enabled:1',
  'rdb_last_bgsave_status:ok',
  'aof_last_write_status:ok',
  'total_commands_processed:900',
  'evicted_keys:2',
];

it('reads the answer to INFO', () => {
  expect(parseRedisInfo(INFO.join('\r\n'))).toEqual({
    memoryUsedBytes: 1_048_576,
    memoryLimitBytes: 0,
    memoryUsedRatio: 0,
    connectedClients: 5,
    commandsProcessed: 900,
    evictedKeys: 2,
    uptimeSeconds: 77,
    isPersistenceOk: true,
  });
});

it('compares what Redis counts against its limit with the limit', () => {
  const info = ['used_memory:1000', 'mem_not_counted_for_evict:200', 'maxmemory:1600'].join('\r\n');
  expect(parseRedisInfo(info).memoryUsedRatio).toBe(0.5);
});

it.each(['rdb_last_bgsave_status', 'aof_last_bgrewrite_status', 'aof_last_write_status'])(
  'sees that %s failed',
  (write) => {
    const info = [...INFO.filter((line) => !line.startsWith(write)), `${write}:err`].join('\r\n');
    expect(parseRedisInfo(info).isPersistenceOk).toBe(false);
  },
);
