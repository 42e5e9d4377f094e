import { METRIC_CATALOG, type LabelsOf, type MetricName } from '@bus/observability';
import type { MetricType, PublishedMetric } from './published-metric.ts';

export interface Sample {
  /** The family's name, for histograms with `_bucket`, `_sum` or `_count` behind it. */
  readonly name: string;
  readonly labels: Readonly<Record<string, string | number>>;
  readonly value: number;
}

export interface MetricFamily {
  readonly name: string;
  readonly type: MetricType;
  readonly help: string;
  readonly samples: Sample[];
}

const CATALOG: Readonly<Record<string, { readonly type: MetricType; readonly help: string }>> =
  METRIC_CATALOG;

/**
 * The metrics of many processes under one name each. A series stands for itself, nothing is summed: the labels `app`
 * and `instance` keep the processes apart, so a restart never looks like a counter that went backwards.
 */
export class MetricFamilies {
  readonly #families = new Map<string, MetricFamily>();
  readonly #seriesKeys = new Set<string>();

  /** Adds a value of a metric from the catalog. */
  set<N extends MetricName>(name: N, labels: Record<LabelsOf<N>, string>, value: number): void {
    const { type, help } = METRIC_CATALOG[name];
    this.#add(this.#family(name, type, help), { name, labels, value });
  }

  /**
   * Adds a metric as a process published it; its series get the labels of that process, whatever they say themselves.
   * False when another process publishes the same name with another type, as two versions may: Prometheus would refuse
   * the whole page.
   */
  addPublished(metric: PublishedMetric, process: { app: string; instance: string }): boolean {
    const { type } = metric;
    const known = CATALOG[metric.name];
    if (known !== undefined && known.type !== type) return false;
    const family = this.#family(metric.name, type, known?.help ?? metric.help);
    if (family.type !== type) return false;
    for (const { labels, value, metricName = metric.name } of metric.values) {
      this.#add(family, { name: metricName, labels: { ...labels, ...process }, value });
    }
    return true;
  }

  /** The families in the order of their names. */
  all(): MetricFamily[] {
    return [...this.#families.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1));
  }

  #family(name: string, type: MetricType, help: string): MetricFamily {
    const known = this.#families.get(name);
    if (known !== undefined) return known;
    const family: MetricFamily = { name, type, help, samples: [] };
    this.#families.set(name, family);
    return family;
  }

  /** The first of two samples of one series stays; the same series twice would make Prometheus refuse the page. */
  #add(family: MetricFamily, sample: Sample): void {
    const key = JSON.stringify([sample.name, ...Object.entries(sample.labels).toSorted(byName)]);
    if (this.#seriesKeys.has(key)) return;
    this.#seriesKeys.add(key);
    family.samples.push(sample);
  }
}

function byName([a]: [string, unknown], [b]: [string, unknown]): number {
  return a < b ? -1 : 1;
}
