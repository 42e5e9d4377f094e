import type { RedisConnection } from '../redis/redis-connections.ts';
import { redisKeys } from '../redis/redis-keys.ts';
import type { MetricsSnapshot } from './metrics-snapshot.ts';

/** The latest snapshot of every process, in the order of their names; what is no snapshot is left out. */
export async function readMetricsSnapshots(connection: RedisConnection): Promise<MetricsSnapshot[]> {
  const fields = await connection.hgetall(redisKeys.metrics);
  return Object.entries(fields)
    .toSorted(([one], [other]) => one.localeCompare(other))
    .flatMap(([, text]) => readSnapshot(text) ?? []);
}

function readSnapshot(text: string): MetricsSnapshot | undefined {
  try {
    const parsed = JSON.parse(text) as Partial<MetricsSnapshot> | null;
    return isSnapshot(parsed) ? parsed : undefined;
  } catch {
    // Whatever it is, no process of this bus wrote it.
    return undefined;
  }
}

function isSnapshot(value: Partial<MetricsSnapshot> | null): value is MetricsSnapshot {
  return (
    typeof value?.at === 'number' &&
    typeof value.started_at === 'number' &&
    typeof value.app === 'string' &&
    typeof value.instance === 'string' &&
    Array.isArray(value.metrics)
  );
}
