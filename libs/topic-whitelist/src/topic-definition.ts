import type { PayloadClass } from '@bus/payload-schemas';

/** `inbound`: devices write it, the platform reads it. `downlink`: the platform writes it, one device reads it. */
export type TopicDirection = 'inbound' | 'downlink';

/** The coarse kind of a topic, for metric labels: never more than a handful of values. */
export type TopicClass =
  'telemetry' | 'gps' | 'sensor' | 'alert' | 'health' | 'command_reply' | 'command' | 'ack' | 'error';

export type TopicName =
  | 'device_telemetry'
  | 'guard_gps'
  | 'sensor_status'
  | 'device_alert'
  | 'system_health'
  | 'command_reply'
  | 'downlink_command'
  | 'downlink_ack'
  | 'downlink_error';

interface TopicBase {
  readonly name: TopicName;
  /** The topic with its parameters in braces: `device/{deviceId}/telemetry`. */
  readonly template: string;
  /** The parameter that names the device, guard, sensor or system. */
  readonly sourceParam: string;
  /** Quality of service the sender uses. */
  readonly qos: 0 | 1 | 2;
  /** The largest payload in bytes. */
  readonly maxBytes: number;
  readonly payload: PayloadClass;
  readonly topicClass: TopicClass;
}

/** A topic that devices write: it also says which task its messages become. */
export interface InboundTopic extends TopicBase {
  readonly direction: 'inbound';
  readonly taskName:
    | 'process_device_telemetry'
    | 'process_guard_gps'
    | 'process_sensor_data'
    | 'process_device_alert'
    | 'process_system_health'
    | 'process_command_reply';
  readonly queue: 'critical' | 'high_priority' | 'external_api' | 'maintenance';
  /** 10 is the most urgent, 0 the least. */
  readonly priority: number;
}

/** A topic that the platform writes to one device. */
export interface DownlinkTopic extends TopicBase {
  readonly direction: 'downlink';
  readonly topicClass: Extract<TopicClass, 'command' | 'ack' | 'error'>;
}

export type TopicDefinition = InboundTopic | DownlinkTopic;
