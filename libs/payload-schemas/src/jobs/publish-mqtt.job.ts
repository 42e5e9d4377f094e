import { Flag, IntegerFrom, JsonValue, Text } from '../rules/rules.ts';
import { JOB_LIMITS } from '../validation/message-limits.ts';

/** Parameters of `publish_mqtt`: one message of the platform to one device. */
export class PublishMqttJob {
  static readonly limits = JOB_LIMITS;
  /** One of the topics the platform writes, complete: `downlink/gate-7/command`. */
  @Text(256) topic!: string;
  /** What the topic's class says. */
  @JsonValue() payload?: unknown;
  /** @default 1: the broker confirms that it has the message */
  @IntegerFrom(0, 2, { optional: true }) qos?: 0 | 1 | 2 | null;
  /** Whether the broker keeps the message for devices that subscribe later. @default false */
  @Flag({ optional: true }) retain?: boolean | null;
}
