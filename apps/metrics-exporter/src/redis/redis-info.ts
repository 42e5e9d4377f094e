/** Redis as a whole: of a cluster, all masters together. */
export interface RedisState {
  readonly memoryUsedBytes: number;
  /** 0: no limit. */
  readonly memoryLimitBytes: number;
  /** Of the fullest server, by the count that Redis holds against its limit; 0: no limit. */
  readonly memoryUsedRatio: number;
  readonly connectedClients: number;
  readonly commandsProcessed: number;
  readonly evictedKeys: number;
  readonly uptimeSeconds: number;
  readonly isPersistenceOk: boolean;
}

const WRITES = ['rdb_last_bgsave_status', 'aof_last_bgrewrite_status', 'aof_last_write_status'] as const;

/** Reads the answer to INFO. Numbers that a server does not tell count as 0. */
export function parseRedisInfo(info: string): RedisState {
  const fields = new Map<string, string>();
  for (const line of info.split(/\r?\n/)) {
    const separator = line.indexOf(':');
    if (separator > 0 && !line.startsWith('#'))
      fields.set(line.slice(0, separator), line.slice(separator + 1));
  }
  const number = (name: string) => Number(fields.get(name) ?? 0);
  const limit = number('maxmemory');
  return {
    memoryUsedBytes: number('used_memory'),
    memoryLimitBytes: limit,
    memoryUsedRatio: limit === 0 ? 0 : (number('used_memory') - number('mem_not_counted_for_evict')) / limit,
    connectedClients: number('connected_clients'),
    commandsProcessed: number('total_commands_processed'),
    evictedKeys: number('evicted_keys'),
    uptimeSeconds: number('uptime_in_seconds'),
    // A server that was told not to persist reports "ok", or nothing at all.
    isPersistenceOk: WRITES.every((write) => (fields.get(write) ?? 'ok') === 'ok'),
  };
}
