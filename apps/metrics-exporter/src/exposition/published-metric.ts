export const METRIC_TYPES = ['counter', 'gauge', 'histogram', 'summary'] as const;
export type MetricType = (typeof METRIC_TYPES)[number];

/** A metric with its values as a process publishes it, in the form prom-client gives it as JSON. */
export interface PublishedMetric {
  readonly name: string;
  readonly help: string;
  readonly type: MetricType;
  readonly values: readonly PublishedValue[];
}

export interface PublishedValue {
  readonly labels: Readonly<Record<string, string | number>>;
  readonly value: number;
  /** Of histograms and summaries: the name with `_bucket`, `_sum` or `_count`. */
  readonly metricName?: string;
}

const METRIC_NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;
const LABEL_NAME = /^[a-zA-Z_][a-zA-Z0-9_]*$/;

/**
 * The usable ones of what should be metrics. Other versions of our own apps publish, and so can whoever reaches Redis:
 * one metric of a wrong form would make Prometheus refuse the page of the whole fleet.
 */
export function usableMetrics(metrics: readonly unknown[]): { usable: PublishedMetric[]; unusable: number } {
  const usable = metrics.filter(isMetric).map(withoutGaps);
  return { usable, unusable: metrics.length - usable.length };
}

/** JSON has no NaN and no infinity; such values arrive as null and say nothing. */
function withoutGaps(metric: PublishedMetric): PublishedMetric {
  return { ...metric, values: metric.values.filter(({ value }) => typeof value === 'number') };
}

function isMetric(metric: unknown): metric is PublishedMetric {
  if (!isRecord(metric)) return false;
  const { name, help, type, values } = metric;
  return (
    isMetricName(name) &&
    typeof help === 'string' &&
    METRIC_TYPES.some((known) => known === type) &&
    Array.isArray(values) &&
    values.every((value) => isValue(value, name))
  );
}

function isValue(value: unknown, metric: string): boolean {
  if (!isRecord(value)) return false;
  const { labels, metricName = metric, value: number } = value;
  return (
    (typeof number === 'number' || number === null) &&
    isMetricName(metricName) &&
    // A histogram may speak under its own name only, or it could disturb the metrics of others.
    /^(_bucket|_sum|_count)?$/.test(
      metricName.startsWith(metric) ? metricName.slice(metric.length) : 'foreign',
    ) &&
    isRecord(labels) &&
    Object.entries(labels).every(
      ([label, text]) => LABEL_NAME.test(label) && (typeof text === 'string' || typeof text === 'number'),
    )
  );
}

function isMetricName(name: unknown): name is string {
  return typeof name === 'string' && METRIC_NAME.test(name);
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
