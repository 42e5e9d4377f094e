import { DELIVERY_SECONDS, type MetricDefinition } from '../metric-definition.ts';

export const EXTERNAL_SERVICE_METRICS = {
  bus_external_service_circuit_state: {
    type: 'gauge',
    help: 'Whether the circuit is in the state (1) or not (0), as this process last saw it.',
    labels: { service: 'any', state: ['closed', 'open', 'half_open'] },
    aggregator: 'max',
  },
  bus_external_service_circuit_transitions_total: {
    type: 'counter',
    help: 'Changes of state, each counted by the process that made it.',
    labels: { service: 'any', to: ['closed', 'open', 'half_open'] },
  },
  bus_external_service_calls_total: {
    type: 'counter',
    help: 'Calls by outcome. Success includes answers that refused the request; rejected ones were not made.',
    labels: { service: 'any', outcome: ['success', 'failure', 'timeout', 'rejected'] },
  },
  bus_external_service_call_duration_seconds: {
    type: 'histogram',
    help: 'Duration of the calls that were made, failed ones included.',
    labels: { service: 'any' },
    buckets: DELIVERY_SECONDS,
  },
} as const satisfies Record<string, MetricDefinition>;
