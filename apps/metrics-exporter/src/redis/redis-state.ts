import { Injectable } from '@nestjs/common';
import { ExporterRedis } from './exporter-redis.ts';
import { parseRedisInfo, type RedisState } from './redis-info.ts';

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
