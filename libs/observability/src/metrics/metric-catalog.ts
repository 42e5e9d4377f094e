import { CHANNEL_METRICS } from './catalog/channel.metrics.ts';
import { EXTERNAL_SERVICE_METRICS } from './catalog/external-service.metrics.ts';
import { FLEET_METRICS } from './catalog/fleet.metrics.ts';
import { MQTT_METRICS } from './catalog/mqtt.metrics.ts';
import { QUEUE_METRICS } from './catalog/queue.metrics.ts';
import { STORAGE_METRICS } from './catalog/storage.metrics.ts';
import { TASK_METRICS } from './catalog/task.metrics.ts';
import { WEBSOCKET_METRICS } from './catalog/websocket.metrics.ts';
import type { MetricDefinition } from './metric-definition.ts';

/**
 * Every metric of the project. A metric that is not here cannot be created, so help, labels and buckets
 * have one home and dashboards, rules and the reference page can be checked against it.
 */
export const METRIC_CATALOG = {
  ...TASK_METRICS,
  ...QUEUE_METRICS,
  ...MQTT_METRICS,
  ...CHANNEL_METRICS,
  ...WEBSOCKET_METRICS,
  ...STORAGE_METRICS,
  ...EXTERNAL_SERVICE_METRICS,
  ...FLEET_METRICS,
} as const satisfies Record<string, MetricDefinition>;

type Catalog = typeof METRIC_CATALOG;
type NameOfType<T extends MetricDefinition['type']> = {
  [K in keyof Catalog]: Catalog[K]['type'] extends T ? K : never;
}[keyof Catalog];

export type MetricName = keyof Catalog;
export type CounterName = NameOfType<'counter'>;
export type GaugeName = NameOfType<'gauge'>;
export type HistogramName = NameOfType<'histogram'>;

/** The label names of one metric, taken from its catalog entry. */
export type LabelsOf<N extends MetricName> = keyof Catalog[N]['labels'] & string;
