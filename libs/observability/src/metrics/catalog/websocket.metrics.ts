import { DELIVERY_SECONDS, FAST_SECONDS, type MetricDefinition } from '../metric-definition.ts';

export const WEBSOCKET_METRICS = {
  bus_websocket_connections: {
    type: 'gauge',
    help: 'Browsers connected to this gateway.',
    labels: { namespace: 'any' },
  },
  bus_websocket_connects_total: {
    type: 'counter',
    help: 'Handshakes by result; the reason of an accepted one is none.',
    labels: { result: ['accepted', 'refused'], reason: 'any' },
  },
  bus_websocket_disconnects_total: {
    type: 'counter',
    help: 'Connections ended, by who or what ended them.',
    labels: { reason: 'any' },
  },
  bus_websocket_messages_sent_total: {
    type: 'counter',
    help: 'Events handed to browser sockets.',
    labels: { event: 'any' },
  },
  bus_websocket_messages_received_total: {
    type: 'counter',
    help: 'Events received from browsers, by how they were answered.',
    labels: { event: 'any', result: ['ok', 'refused', 'failed'] },
  },
  bus_websocket_rate_limited_total: {
    type: 'counter',
    help: 'Browser events refused because a limit was reached.',
    labels: { scope: ['connection', 'user', 'ip'] },
  },
  bus_websocket_ping_rtt_seconds: {
    type: 'histogram',
    help: 'Round trip of a heartbeat between gateway and browser.',
    labels: {},
    buckets: FAST_SECONDS,
  },
  bus_websocket_resume_total: {
    type: 'counter',
    help: 'Groups joined, by how the browser was brought up to date.',
    labels: { result: ['live', 'replayed', 'snapshot', 'gap'] },
  },
  bus_websocket_replayed_events_total: {
    type: 'counter',
    help: 'Missed events sent to browsers that came back.',
    labels: {},
  },
  bus_websocket_conflated_total: {
    type: 'counter',
    help: 'Events replaced by a newer one because the browser was slow; never critical ones.',
    labels: { event: 'any' },
  },
  bus_websocket_slow_consumer_disconnects_total: {
    type: 'counter',
    help: 'Browsers disconnected because their buffer was full.',
    labels: {},
  },
  bus_websocket_adapter_lag_seconds: {
    type: 'histogram',
    help: 'Time from sealing a broadcast to opening it in this gateway.',
    labels: {},
    buckets: FAST_SECONDS,
  },
  bus_alert_delivery_seconds: {
    type: 'histogram',
    help: 'Time from receiving an alert from its device to the acknowledgement of a browser. Not measured yet.',
    labels: { severity: ['critical', 'high', 'medium', 'low', 'info'] },
    buckets: DELIVERY_SECONDS,
  },
  bus_alert_delivery_total: {
    type: 'counter',
    help: 'Alerts handed to browsers, by result. Not counted yet.',
    labels: { result: ['delivered', 'timeout', 'no_viewer'] },
  },
  bus_http_requests_total: {
    type: 'counter',
    help: 'HTTP requests by route pattern and status class.',
    labels: { method: 'any', route: 'any', status: ['1xx', '2xx', '3xx', '4xx', '5xx'] },
  },
  bus_http_request_duration_seconds: {
    type: 'histogram',
    help: 'Time to answer an HTTP request.',
    labels: { method: 'any', route: 'any' },
    buckets: FAST_SECONDS,
  },
  bus_auth_logins_total: {
    type: 'counter',
    help: 'Login attempts by result.',
    labels: { result: ['success', 'failure', 'rate_limited'] },
  },
} as const satisfies Record<string, MetricDefinition>;
