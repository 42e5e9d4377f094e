import { Redis } from 'ioredis';
import { waitFor } from '../time/wait-for.ts';
import { startRedis, type RedisServer, type RedisServerOptions } from './redis-server.ts';

const SLOT_RANGES = ['0 5460', '5461 10922', '10923 16383'] as const;
const READY_TIMEOUT_MS = 20_000;

/** Three masters that share the slots between them, without replicas. */
export interface RedisCluster {
  /** `redis-cluster://`, naming all nodes. */
  readonly url: string;
  readonly nodes: readonly RedisServer[];
  /** Ends all nodes and removes what they kept. */
  stop(): Promise<void>;
}

/** Starts a private Redis Cluster of three nodes on loopback and resolves once every node answers for every slot. */
export async function startRedisCluster(
  options: Pick<RedisServerOptions, 'appendOnly' | 'maxMemory'> = {},
): Promise<RedisCluster> {
  const settings = { 'cluster-enabled': 'yes', 'cluster-announce-ip': '127.0.0.1' };
  const started = await Promise.allSettled(SLOT_RANGES.map(() => startRedis({ ...options, settings })));
  const nodes = started.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
  const stop = async (): Promise<void> => {
    await Promise.all(nodes.map((node) => node.stop()));
  };
  try {
    for (const result of started) if (result.status === 'rejected') throw result.reason as Error;
    await join(nodes);
  } catch (error) {
    await stop();
    throw error;
  }
  return { url: `redis-cluster://${nodes.map(({ port }) => `127.0.0.1:${port}`).join(',')}`, nodes, stop };
}

async function join(nodes: readonly RedisServer[]): Promise<void> {
  const clients = nodes.map(({ url }) => new Redis(url));
  try {
    for (const [index, client] of clients.entries()) {
      await client.call('CLUSTER', 'ADDSLOTSRANGE', ...(SLOT_RANGES[index] ?? '').split(' '));
      // Nodes that meet with the same epoch spend seconds on settling who comes first.
      await client.call('CLUSTER', 'SET-CONFIG-EPOCH', String(index + 1));
      await client.call('CLUSTER', 'MEET', '127.0.0.1', String(nodes[0]?.port));
    }
    await waitFor(async () => (await Promise.all(clients.map(knowsAll))).every(Boolean), {
      timeoutMs: READY_TIMEOUT_MS,
      message: 'the nodes of the Redis Cluster to know each other',
    });
  } finally {
    for (const client of clients) client.disconnect();
  }
}

async function knowsAll(client: Redis): Promise<boolean> {
  const info = String(await client.call('CLUSTER', 'INFO'));
  return (
    info.includes('cluster_state:ok') &&
    info.includes(`cluster_known_nodes:${SLOT_RANGES.length}`) &&
    info.includes('cluster_slots_assigned:16384')
  );
}
