/** Label values that are known beforehand, or `any` when they come from a catalog (queue, task, topic class). Never ids or topics. */
export type LabelRule = readonly string[] | 'any';

/** One entry of the metric catalog. */
export interface MetricDefinition {
  readonly type: 'counter' | 'gauge' | 'histogram';
  /** One sentence for `# HELP`: what is counted and, where it matters, when. */
  readonly help: string;
  readonly labels: Readonly<Record<string, LabelRule>>;
  /** Upper bounds in the unit the name ends with. Histograms only; required there. */
  readonly buckets?: readonly number[];
  /** How gauges of several processes combine when someone drops the `instance` label. Default `sum`. */
  readonly aggregator?: 'sum' | 'max' | 'min' | 'average' | 'first';
}

/** Buckets for work that should take milliseconds: broadcasts, queries, hops between processes. */
export const FAST_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.015, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5] as const;

/** Buckets around the delivery promises: 1 s for the application ack, 2 s for an alert on screen. */
export const DELIVERY_SECONDS = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60] as const;

/** Buckets for tasks: from a millisecond to the 60 minute hard limit. */
export const TASK_SECONDS = [0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60, 180, 360, 1800, 3600] as const;
