import type { MetricObject } from '@bus/observability';

/** What a process leaves in `redisKeys.metrics` under the field `<app>/<instance>`, as JSON. */
export interface MetricsSnapshot {
  /** When it was taken, epoch milliseconds. */
  readonly at: number;
  readonly app: string;
  readonly instance: string;
  /** When the process started, epoch milliseconds. */
  readonly started_at: number;
  readonly metrics: readonly MetricObject[];
}

/** The field of a process in the hash `redisKeys.metrics`. */
export function metricsSnapshotField(app: string, instance: string): string {
  return `${app}/${instance}`;
}
