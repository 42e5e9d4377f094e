import { DELIVERY_SECONDS, FAST_SECONDS, type MetricDefinition } from '../metric-definition.ts';

export const MQTT_METRICS = {
  bus_mqtt_messages_received_total: {
    type: 'counter',
    help: 'Device messages by what became of them.',
    labels: { topic_class: 'any', qos: 'any', result: 'any' },
  },
  bus_mqtt_messages_rejected_total: {
    type: 'counter',
    help: 'Device messages refused, by the first check that failed.',
    labels: { reason: ['topic', 'size', 'encoding', 'json', 'schema', 'injection', 'duplicate'] },
  },
  bus_mqtt_message_bytes_total: {
    type: 'counter',
    help: 'Payload bytes received from devices.',
    labels: { topic_class: 'any' },
  },
  bus_mqtt_clock_suspect_total: {
    type: 'counter',
    help: 'Messages kept although their device clock was implausible.',
    labels: { topic_class: 'any' },
  },
  bus_mqtt_held_acks: {
    type: 'gauge',
    help: 'Messages received whose acknowledgement is withheld until they are enqueued.',
    labels: {},
  },
  bus_mqtt_ack_hold_seconds: {
    type: 'histogram',
    help: 'Time from receiving a message to acknowledging it to the broker.',
    labels: { topic_class: 'any' },
    buckets: FAST_SECONDS,
  },
  bus_mqtt_app_ack_seconds: {
    type: 'histogram',
    help: 'Time from receiving an alert to publishing its application acknowledgement.',
    labels: {},
    buckets: DELIVERY_SECONDS,
  },
  bus_mqtt_downlink_messages_total: {
    type: 'counter',
    help: 'Messages published to devices.',
    labels: {
      kind: ['ack', 'error', 'command'],
      result: ['success', 'failure', 'timeout', 'rate_limited', 'unreachable'],
    },
  },
  bus_mqtt_quarantined_total: {
    type: 'counter',
    help: 'Refused messages put into quarantine, or lost because it could not be written.',
    labels: { result: ['kept', 'dropped'] },
  },
  bus_mqtt_connected: {
    type: 'gauge',
    help: 'Whether this process is connected to the broker (1) or not (0).',
    labels: {},
  },
  bus_mqtt_reconnects_total: {
    type: 'counter',
    help: 'Connections to the broker established after the first one.',
    labels: {},
  },
  bus_mqtt_connection_errors_total: {
    type: 'counter',
    help: 'Errors reported by the broker connection.',
    labels: {},
  },
  bus_mqtt_broker_clients_connected: {
    type: 'gauge',
    help: 'Clients connected to the broker, from $SYS.',
    labels: {},
    aggregator: 'max',
  },
  bus_mqtt_broker_messages_received_total: {
    type: 'counter',
    help: 'MQTT messages the broker received, from $SYS.',
    labels: {},
  },
  bus_mqtt_broker_messages_sent_total: {
    type: 'counter',
    help: 'MQTT messages the broker sent, from $SYS.',
    labels: {},
  },
  bus_mqtt_broker_publish_dropped_total: {
    type: 'counter',
    help: 'Publishes the broker dropped because a queue or inflight limit was full, from $SYS.',
    labels: {},
  },
  bus_mqtt_broker_stored_messages: {
    type: 'gauge',
    help: 'Messages the broker holds for its clients, from $SYS.',
    labels: {},
    aggregator: 'max',
  },
  bus_mqtt_broker_uptime_seconds: {
    type: 'gauge',
    help: 'Time since the broker started, from $SYS.',
    labels: {},
    aggregator: 'max',
  },
} as const satisfies Record<string, MetricDefinition>;
