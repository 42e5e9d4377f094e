import type { MetricDefinition } from '../metric-definition.ts';

/** Read from Redis by the exporter, so every replica reports the same: combine by maximum, never by sum. */
export const QUEUE_METRICS = {
  bus_queue_jobs: {
    type: 'gauge',
    help: 'Jobs in the queue by state. Prioritised jobs are not part of waiting.',
    labels: { queue: 'any', state: 'any' },
    aggregator: 'max',
  },
  bus_queue_oldest_job_age_seconds: {
    type: 'gauge',
    help: 'Age of the oldest job that is ready to run, 0 when there is none.',
    labels: { queue: 'any' },
    aggregator: 'max',
  },
  bus_queue_workers: {
    type: 'gauge',
    help: 'Workers connected to the queue.',
    labels: { queue: 'any' },
    aggregator: 'max',
  },
  bus_queue_dead_letter_jobs: {
    type: 'gauge',
    help: 'Dead letters kept and neither requeued nor discarded.',
    labels: { queue: 'any' },
    aggregator: 'max',
  },
  bus_queue_paused: {
    type: 'gauge',
    help: 'Whether the queue is paused (1) or not (0).',
    labels: { queue: 'any' },
    aggregator: 'max',
  },
} as const satisfies Record<string, MetricDefinition>;
