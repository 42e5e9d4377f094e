import {
  collectDefaultMetrics,
  Counter,
  Gauge,
  Histogram,
  Registry,
  type MetricObjectWithValues,
  type MetricValue,
} from 'prom-client';
import {
  METRIC_CATALOG,
  type CounterName,
  type GaugeName,
  type HistogramName,
  type LabelsOf,
  type MetricName,
} from './metric-catalog.ts';
import type { LabelRule, MetricDefinition } from './metric-definition.ts';

/** One metric with its values, as plain JSON. What a process publishes and the exporter puts together. */
export type MetricObject = MetricObjectWithValues<MetricValue<string>>;

/** Gauges of prom-client whose names end in `_total`, which Prometheus reserves for counters; their detailed twins stay. */
const MISNAMED_DEFAULTS = [
  'nodejs_active_handles_total',
  'nodejs_active_requests_total',
  'nodejs_active_resources_total',
];

/**
 * The metrics of one process. Every series carries the labels `app` and `instance`.
 * A metric is created from METRIC_CATALOG when it is first asked for, so a process shows only what it uses.
 */
export class Metrics {
  readonly registry = new Registry();
  readonly #readers: (() => void | Promise<void>)[] = [];

  constructor(options: { app: string; instance: string }) {
    this.registry.setDefaultLabels({ app: options.app, instance: options.instance });
    collectDefaultMetrics({ register: this.registry });
    for (const name of MISNAMED_DEFAULTS) this.registry.removeSingleMetric(name);
  }

  /** The counter of that name. Label combinations whose values are all known beforehand start at 0. */
  counter<N extends CounterName>(name: N): Counter<LabelsOf<N>> {
    const known = this.registry.getSingleMetric<LabelsOf<N>>(name);
    return known instanceof Counter ? known : this.#createCounter(name);
  }

  /** The gauge of that name. */
  gauge<N extends GaugeName>(name: N): Gauge<LabelsOf<N>> {
    const known = this.registry.getSingleMetric<LabelsOf<N>>(name);
    return known instanceof Gauge ? known : new Gauge<LabelsOf<N>>(this.#describe(name));
  }

  /** The histogram of that name; observe in the unit the name ends with. */
  histogram<N extends HistogramName>(name: N): Histogram<LabelsOf<N>> {
    const known = this.registry.getSingleMetric<LabelsOf<N>>(name);
    return known instanceof Histogram ? known : new Histogram<LabelsOf<N>>(this.#describe(name));
  }

  /** Has `read` called before each scrape and snapshot, to set gauges from a state that changes all the time. */
  beforeCollect(read: () => void | Promise<void>): void {
    this.#readers.push(read);
  }

  /** The Prometheus text form of everything this process measures. */
  async render(): Promise<{ contentType: string; body: string }> {
    await this.#readAll();
    return { contentType: this.registry.contentType, body: await this.registry.metrics() };
  }

  /** The same as plain objects that survive JSON, for the exporter to combine. Values JSON has no form for are left out. */
  async snapshot(): Promise<MetricObject[]> {
    await this.#readAll();
    const metrics = await this.registry.getMetricsAsJSON();
    return metrics.map((metric) => ({
      ...metric,
      values: metric.values.filter(({ value }) => Number.isFinite(value)),
    }));
  }

  async #readAll(): Promise<void> {
    await Promise.all(this.#readers.map(async (read) => read()));
  }

  #createCounter<N extends CounterName>(name: N): Counter<LabelsOf<N>> {
    const counter = new Counter<LabelsOf<N>>(this.#describe(name));
    const definition: MetricDefinition = METRIC_CATALOG[name];
    for (const labels of knownCombinations(definition.labels)) {
      counter.inc(labels as Partial<Record<LabelsOf<N>, string>>, 0);
    }
    return counter;
  }

  #describe<N extends MetricName>(name: N) {
    const { help, labels, buckets, aggregator }: MetricDefinition = METRIC_CATALOG[name];
    return {
      name,
      help,
      labelNames: Object.keys(labels) as LabelsOf<N>[],
      registers: [this.registry],
      ...(buckets ? { buckets: [...buckets] } : {}),
      ...(aggregator ? { aggregator } : {}),
    };
  }
}

/** Every combination of label values, or none when one label is open. A metric without labels has none to prepare. */
function knownCombinations(labels: Readonly<Record<string, LabelRule>>): Record<string, string>[] {
  let combinations: Record<string, string>[] = [{}];
  for (const [label, values] of Object.entries(labels)) {
    if (values === 'any') return [];
    combinations = combinations.flatMap((known) => values.map((value) => ({ ...known, [label]: value })));
  }
  return Object.keys(labels).length === 0 ? [] : combinations;
}
