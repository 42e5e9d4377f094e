import type { MetricName } from '@bus/observability';
import type { MetricsSnapshot } from '@bus/platform';
import type { Session } from './session.ts';

/** A process publishes every two seconds; one that has not for this long is gone or hangs. */
const SILENT_AFTER_MS = 15_000;

export async function readSnapshots(session: Session): Promise<MetricsSnapshot[]> {
  const [{ readMetricsSnapshots }, redis] = await Promise.all([import('@bus/platform'), session.redis()]);
  return readMetricsSnapshots(redis);
}

/** Whether the process of the snapshot still publishes, by the clocks of both machines. */
export function isSilent({ at }: MetricsSnapshot, nowMs = Date.now()): boolean {
  return nowMs - at > SILENT_AFTER_MS;
}

/** The values of one metric in a snapshot with their labels; none when the process does not have it or it is damaged. */
export function valuesOf(
  { metrics }: MetricsSnapshot,
  name: MetricName,
): { labels: Readonly<Record<string, unknown>>; value: number }[] {
  const values: unknown = metrics.find((metric) => metric?.name === name)?.values;
  if (!Array.isArray(values)) return [];
  return values.flatMap((one: { labels?: unknown; value?: unknown } | null) => {
    const { labels, value } = one ?? {};
    if (typeof value !== 'number' || typeof labels !== 'object' || labels === null) return [];
    return [{ labels: labels as Record<string, unknown>, value }];
  });
}
