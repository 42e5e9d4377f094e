import { Injectable } from '@nestjs/common';
import { ExporterRedis } from './exporter-redis.ts';
import { parseRedisInfo } from './redis-info.ts';

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

@Injectable()
export class RedisStateReader {
  constructor(private readonly redis: ExporterRedis) {}

  /** Asks Redis. Rejects when it does not answer. */
  async read(): Promise<RedisState> {
    const { connection } = this.redis;
    const nodes = 'nodes' in connection ? connection.nodes('master') : [connection];
    if (nodes.length === 0) throw new Error('No master of the Redis cluster is known.');
    const states = (await Promise.all(nodes.map((node) => node.info()))).map(parseRedisInfo);
    const sum = (read: (state: RedisState) => number) =>
      states.reduce((total, state) => total + read(state), 0);
    return {
      memoryUsedBytes: sum((state) => state.memoryUsedBytes),
      memoryLimitBytes: sum((state) => state.memoryLimitBytes),
      memoryUsedRatio: Math.max(...states.map((state) => state.memoryUsedRatio)),
      connectedClients: sum((state) => state.connectedClients),
      commandsProcessed: sum((state) => state.commandsProcessed),
      evictedKeys: sum((state) => state.evictedKeys),
      uptimeSeconds: Math.min(...states.map((state) => state.uptimeSeconds)),
      isPersistenceOk: states.every((state) => state.isPersistenceOk),
    };
  }
}
