import type { TestProject } from 'vitest/node';
import { startRedisCluster } from '../backends/redis-cluster.ts';

/**
 * Vitest global setup, after `shared-backends.ts`: gives the specs of a project a Redis Cluster where they expect the
 * shared server. For running the same specs on both.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  // Nobody kills these nodes, so nothing need be on disk.
  const cluster = await startRedisCluster({ appendOnly: false });
  project.provide('redisUrl', cluster.url);
  return () => cluster.stop();
}
