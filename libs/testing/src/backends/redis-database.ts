import { Cluster, Redis } from 'ioredis';

const COUNTER = 'testing:next-database';
const CLUSTER_URL = /^redis-cluster:\/\/(.+)$/;

/**
 * A URL of the same server with a numbered database of its own, so that spec files which run side by side never see
 * each other's keys. PUBLISH is not separated by databases: give channels names of your own.
 *
 * A cluster has no numbered databases. There it is the same cluster, emptied, so specs on a cluster run one after
 * another and take one database at a time.
 */
export async function createRedisDatabase(redisUrl: string): Promise<string> {
  const [, hosts] = CLUSTER_URL.exec(redisUrl) ?? [];
  if (hosts !== undefined) {
    await emptyCluster(hosts.split(','));
    return redisUrl;
  }
  const redis = new Redis(redisUrl, { lazyConnect: true, maxRetriesPerRequest: 1 });
  try {
    await redis.connect();
    const number = await redis.incr(COUNTER);
    const url = new URL(redisUrl);
    url.pathname = `/${number}`;
    return url.toString();
  } finally {
    redis.disconnect();
  }
}

async function emptyCluster(hosts: readonly string[]): Promise<void> {
  const cluster = new Cluster([...hosts], { lazyConnect: true });
  try {
    await cluster.connect();
    await Promise.all(cluster.nodes('master').map((node) => node.flushall()));
  } finally {
    cluster.disconnect();
  }
}
