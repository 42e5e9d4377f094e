import { FAST_SECONDS, type MetricDefinition } from '../metric-definition.ts';

const TARGETS = ['group', 'user', 'tenant', 'noc_dashboard', 'task_progress'] as const;
const PRIORITIES = ['critical', 'high', 'normal', 'low'] as const;

export const CHANNEL_METRICS = {
  bus_websocket_broadcast_total: {
    type: 'counter',
    help: 'Broadcasts by whether the channel layer took them.',
    labels: { target: TARGETS, priority: PRIORITIES, result: ['success', 'failure'] },
  },
  bus_websocket_broadcast_duration_seconds: {
    type: 'histogram',
    help: 'Time to seal a broadcast and hand it to Redis.',
    labels: { target: TARGETS },
    buckets: FAST_SECONDS,
  },
  bus_channel_received_total: {
    type: 'counter',
    help: 'Sealed messages opened by this process.',
    labels: {},
  },
  bus_channel_rejected_total: {
    type: 'counter',
    help: 'Channel messages dropped because they could not be trusted.',
    labels: { reason: ['malformed', 'unknown_key', 'forged', 'replayed', 'stale'] },
  },
  bus_channel_duplicates_suppressed_total: {
    type: 'counter',
    help: 'Broadcasts of an event that was already in the history of its group.',
    labels: {},
  },
  bus_channel_gap_fills_total: {
    type: 'counter',
    help: 'Holes in the live feed of a group, filled from its history or given up.',
    labels: { result: ['filled', 'lost'] },
  },
  bus_channel_outbox_kept_total: {
    type: 'counter',
    help: 'Critical broadcasts Redis did not take, by whether the outbox kept them.',
    labels: { result: ['kept', 'lost'] },
  },
  bus_channel_outbox_sent_total: {
    type: 'counter',
    help: 'Broadcasts sent from the outbox after Redis came back.',
    labels: {},
  },
  bus_channel_outbox_broadcasts: {
    type: 'gauge',
    help: 'Broadcasts waiting in the outbox.',
    labels: {},
    aggregator: 'max',
  },
} as const satisfies Record<string, MetricDefinition>;
