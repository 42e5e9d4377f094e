import { DELIVERY_SECONDS, FAST_SECONDS, type MetricDefinition } from '../metric-definition.ts';

const PURPOSES = ['commands', 'blocking', 'subscriber', 'producer'] as const;

export const STORAGE_METRICS = {
  bus_alerts_stored_total: {
    type: 'counter',
    help: 'Alerts written to Postgres, or found to be there already.',
    labels: {
      severity: ['critical', 'high', 'medium', 'low', 'info'],
      result: ['inserted', 'duplicate'],
    },
  },
  bus_alerts_express_total: {
    type: 'counter',
    help: 'Alerts that ingest stored and showed ahead of their job; after a failure the job does both.',
    labels: { result: ['success', 'failure'] },
  },
  bus_alert_store_seconds: {
    type: 'histogram',
    help: 'Time from receiving an alert to its commit in Postgres.',
    labels: {},
    buckets: DELIVERY_SECONDS,
  },
  bus_telemetry_rows_total: {
    type: 'counter',
    help: 'Telemetry messages written to Postgres, or found to be there already.',
    labels: { result: ['inserted', 'duplicate'] },
  },
  bus_batch_items: {
    type: 'histogram',
    help: 'Items that travelled together in one batch.',
    labels: { batch: 'any' },
    buckets: [1, 2, 5, 10, 25, 50, 100, 250, 500, 1000],
  },
  bus_database_query_seconds: {
    type: 'histogram',
    help: 'Time of a database query, waiting for a connection included.',
    labels: { query: 'any' },
    buckets: FAST_SECONDS,
  },
  bus_database_errors_total: {
    type: 'counter',
    help: 'Database errors, by where they surfaced.',
    labels: { source: ['query', 'idle_connection'] },
  },
  bus_database_pool_connections: {
    type: 'gauge',
    help: 'Postgres connections of this process, and callers waiting for one.',
    labels: { state: ['active', 'idle', 'waiting'] },
  },
  bus_redis_connected: {
    type: 'gauge',
    help: 'Redis connections of this process that are ready, by purpose.',
    labels: { purpose: PURPOSES },
  },
  bus_redis_reconnects_total: {
    type: 'counter',
    help: 'Redis connections established again after they were lost.',
    labels: { purpose: PURPOSES },
  },
  bus_redis_errors_total: {
    type: 'counter',
    help: 'Errors reported by Redis connections.',
    labels: { purpose: PURPOSES },
  },
} as const satisfies Record<string, MetricDefinition>;
