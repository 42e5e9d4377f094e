import { PublishMqttJob } from '@bus/payload-schemas';
import { defineTask } from '../tasks/define-task.ts';

/** Publishes one message to a device, through the circuit of the broker: put aside while the broker is away. */
export const PUBLISH_MQTT = defineTask({
  name: 'publish_mqtt',
  queue: 'external_api',
  params: PublishMqttJob,
  // Twelve times what the call may take: the rest is for waiting among other calls.
  softLimitMs: 120_000,
  hardLimitMs: 180_000,
});
