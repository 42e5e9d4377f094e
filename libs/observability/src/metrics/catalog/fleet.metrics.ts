import type { MetricDefinition } from '../metric-definition.ts';

/** Seen from outside by the exporter. The labels app and instance name the process that is described. */
export const FLEET_METRICS = {
  up: {
    type: 'gauge',
    help: 'Whether the process published metrics lately (1) or went silent without saying goodbye (0).',
    labels: { app: 'any', instance: 'any' },
    aggregator: 'max',
  },
  bus_process_snapshot_age_seconds: {
    type: 'gauge',
    help: 'Age of the newest metrics of the process.',
    labels: { app: 'any', instance: 'any' },
    aggregator: 'min',
  },
  bus_metrics_snapshot_failures_total: {
    type: 'counter',
    help: 'Metric snapshots this process could not publish.',
    labels: {},
  },
  bus_exporter_source_up: {
    type: 'gauge',
    help: 'Whether the exporter could read the source at the last scrape (1) or not (0).',
    labels: { source: 'any' },
    aggregator: 'max',
  },
  bus_exporter_unreadable_snapshots_total: {
    type: 'counter',
    help: 'Snapshots, or metrics in them, that the exporter could not use: damaged, or of another type than elsewhere.',
    labels: {},
  },
  bus_redis_up: {
    type: 'gauge',
    help: 'Whether Redis answered the exporter at the last scrape (1) or not (0).',
    labels: {},
    aggregator: 'max',
  },
  bus_redis_persistence_ok: {
    type: 'gauge',
    help: 'Whether the last writes of Redis to disk succeeded (1) or not (0).',
    labels: {},
    aggregator: 'min',
  },
  bus_redis_uptime_seconds: {
    type: 'gauge',
    help: 'Time since Redis started.',
    labels: {},
    aggregator: 'min',
  },
  bus_redis_commands_processed_total: {
    type: 'counter',
    help: 'Commands Redis has processed since it started.',
    labels: {},
  },
  bus_redis_evicted_keys_total: {
    type: 'counter',
    help: 'Keys Redis threw away for lack of memory; more than 0 means its eviction policy loses messages.',
    labels: {},
  },
  bus_redis_memory_used_bytes: {
    type: 'gauge',
    help: 'Memory used by Redis.',
    labels: {},
    aggregator: 'max',
  },
  bus_redis_memory_limit_bytes: {
    type: 'gauge',
    help: 'The maxmemory of Redis, 0 when it has none.',
    labels: {},
    aggregator: 'max',
  },
  bus_redis_memory_used_ratio: {
    type: 'gauge',
    help: 'Used part of the maxmemory of Redis, 0 when it has none; of a cluster, that of its fullest server.',
    labels: {},
    aggregator: 'max',
  },
  bus_redis_connected_clients: {
    type: 'gauge',
    help: 'Clients connected to Redis.',
    labels: {},
    aggregator: 'max',
  },
} as const satisfies Record<string, MetricDefinition>;
