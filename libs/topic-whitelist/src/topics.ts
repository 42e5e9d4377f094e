import {
  CommandReplyPayload,
  DeviceAlertPayload,
  DeviceTelemetryPayload,
  DownlinkAck,
  DownlinkCommand,
  DownlinkError,
  GuardGpsPayload,
  SensorStatusPayload,
  SystemHealthPayload,
} from '@bus/payload-schemas';
import type { DownlinkTopic, InboundTopic, TopicDefinition, TopicName } from './topic-definition.ts';

const KIB = 1024;

/** No message on any topic may be larger: 1 MiB. */
export const MAX_TOPIC_BYTES = 1024 * KIB;

/**
 * Every MQTT topic of the platform. A new topic is one entry here; the whitelist, the subscriptions, the broker's access
 * list and the size limits follow from it.
 */
export const TOPICS = {
  device_telemetry: {
    name: 'device_telemetry',
    template: 'device/{deviceId}/telemetry',
    sourceParam: 'deviceId',
    direction: 'inbound',
    qos: 1,
    maxBytes: 64 * KIB,
    payload: DeviceTelemetryPayload,
    taskName: 'process_device_telemetry',
    queue: 'external_api',
    priority: 5,
    topicClass: 'telemetry',
  },
  guard_gps: {
    name: 'guard_gps',
    template: 'guard/{guardId}/gps',
    sourceParam: 'guardId',
    direction: 'inbound',
    qos: 1,
    maxBytes: 16 * KIB,
    payload: GuardGpsPayload,
    taskName: 'process_guard_gps',
    queue: 'high_priority',
    priority: 8,
    topicClass: 'gps',
  },
  sensor_status: {
    name: 'sensor_status',
    template: 'sensor/{sensorId}/status',
    sourceParam: 'sensorId',
    direction: 'inbound',
    qos: 1,
    maxBytes: 64 * KIB,
    payload: SensorStatusPayload,
    taskName: 'process_sensor_data',
    queue: 'external_api',
    priority: 6,
    topicClass: 'sensor',
  },
  device_alert: {
    name: 'device_alert',
    template: 'alert/{alertType}/{sourceId}',
    sourceParam: 'sourceId',
    direction: 'inbound',
    qos: 2,
    // The full limit: an alert is not refused for being long-winded.
    maxBytes: MAX_TOPIC_BYTES,
    payload: DeviceAlertPayload,
    taskName: 'process_device_alert',
    queue: 'critical',
    priority: 10,
    topicClass: 'alert',
  },
  system_health: {
    name: 'system_health',
    template: 'system/health/{systemId}',
    sourceParam: 'systemId',
    direction: 'inbound',
    qos: 0,
    maxBytes: 64 * KIB,
    payload: SystemHealthPayload,
    taskName: 'process_system_health',
    queue: 'maintenance',
    priority: 2,
    topicClass: 'health',
  },
  command_reply: {
    name: 'command_reply',
    template: 'device/{deviceId}/command-reply',
    sourceParam: 'deviceId',
    direction: 'inbound',
    qos: 1,
    maxBytes: 256 * KIB,
    payload: CommandReplyPayload,
    taskName: 'process_command_reply',
    queue: 'high_priority',
    priority: 8,
    topicClass: 'command_reply',
  },
  downlink_command: {
    name: 'downlink_command',
    template: 'downlink/{sourceId}/command',
    sourceParam: 'sourceId',
    direction: 'downlink',
    qos: 1,
    maxBytes: 256 * KIB,
    payload: DownlinkCommand,
    topicClass: 'command',
  },
  downlink_ack: {
    name: 'downlink_ack',
    template: 'downlink/{sourceId}/ack',
    sourceParam: 'sourceId',
    direction: 'downlink',
    qos: 1,
    maxBytes: 16 * KIB,
    payload: DownlinkAck,
    topicClass: 'ack',
  },
  downlink_error: {
    name: 'downlink_error',
    template: 'downlink/{sourceId}/error',
    sourceParam: 'sourceId',
    direction: 'downlink',
    qos: 1,
    maxBytes: 16 * KIB,
    payload: DownlinkError,
    topicClass: 'error',
  },
} as const satisfies { [N in TopicName]: TopicDefinition & { readonly name: N } };

/** Every topic of the platform. */
export const ALL_TOPICS: readonly TopicDefinition[] = Object.values(TOPICS);

/** The topics that devices write. */
export const INBOUND_TOPICS: readonly InboundTopic[] = ALL_TOPICS.filter(
  (topic) => topic.direction === 'inbound',
);

/** The topics that the platform writes. */
export const DOWNLINK_TOPICS: readonly DownlinkTopic[] = ALL_TOPICS.filter(
  (topic) => topic.direction === 'downlink',
);

/** The MQTT filter of a topic: each parameter becomes `+`. */
export function topicFilter(topic: TopicDefinition): string {
  return topic.template.replaceAll(/\{\w+\}/g, '+');
}

/**
 * The filters ingest subscribes to. They are wider than the topics themselves on purpose: what a device sends beside its
 * topics is then refused with a reason and counted, instead of vanishing at the broker.
 */
export const INBOUND_ROOTS = ['device/#', 'guard/#', 'sensor/#', 'alert/#', 'system/health/#'] as const;
