import { Redis } from 'ioredis';

const COUNTER = 'testing:next-database';

/**
 * A URL of the same server with a numbered database of its own, so that spec files which run side by side never see
 * each other's keys. PUBLISH is not separated by databases: give channels names of your own.
 */
export async function createRedisDatabase(redisUrl: string): Promise<string> {
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
