import type { PublishMqttJob } from '@bus/payload-schemas';
import { ExternalServiceTask, PUBLISH_MQTT, Task } from '@bus/task-base';
import { Downlink } from '../downlink/downlink.ts';
import { outboundMessage } from './outbound-message.ts';

/** The broker confirms in a millisecond; after this long it is taken for ill. */
const BROKER_TIMEOUT_MS = 10_000;

/**
 * Publishes one message to a device and ends when the broker has it. At least once: a run that was cut off is repeated, so
 * receivers go by the id in the payload.
 */
@Task(PUBLISH_MQTT)
export class PublishMqtt extends ExternalServiceTask<PublishMqttJob> {
  constructor(private readonly downlink: Downlink) {
    super();
  }

  async run(job: PublishMqttJob): Promise<void> {
    const { definition, bytes } = outboundMessage(job);
    await this.externalServiceCall(
      'mqtt_broker',
      { timeoutMs: BROKER_TIMEOUT_MS, isFailure: isBrokerIll },
      (signal) =>
        this.downlink.publish(definition.topicClass, job.topic, bytes, {
          qos: job.qos ?? 1,
          retain: job.retain ?? false,
          signal,
        }),
    );
  }
}

/** A broker that forbids the topic is well. */
function isBrokerIll(error: unknown): boolean {
  return !(
    typeof error === 'object' &&
    error !== null &&
    'isRetryable' in error &&
    error.isRetryable === false
  );
}
