import { validatePayload } from '@bus/payload-schemas';
import type { PublishMqttJob } from '@bus/payload-schemas';
import { matchTopic } from '@bus/topic-whitelist';
import type { DownlinkTopic } from '@bus/topic-whitelist';
import { UnpublishableError } from './unpublishable.error.ts';

/** A message that may leave: its topic is one the platform writes, its payload is what devices expect there. */
export interface OutboundMessage {
  readonly definition: DownlinkTopic;
  readonly bytes: Buffer;
}

/** Longest part of a refused topic that is repeated in the message about it. */
const SHOWN_LENGTH = 80;

/**
 * Checks what a `publish_mqtt` job wants to send.
 *
 * @throws UnpublishableError saying what is wrong with topic or payload
 */
export function outboundMessage({ topic, payload }: PublishMqttJob): OutboundMessage {
  const definition = downlinkTopicOf(topic);
  const validation = validatePayload(definition.payload, payload);
  if (!validation.ok) {
    const problems = validation.problems.map(({ field, reason }) => `${field} ${reason}`).join('; ');
    throw new UnpublishableError('MQTT_PAYLOAD_INVALID', `payload of ${definition.template}: ${problems}`);
  }
  const bytes = Buffer.from(JSON.stringify(validation.value));
  if (bytes.length > definition.maxBytes) {
    throw new UnpublishableError(
      'MQTT_PAYLOAD_TOO_LARGE',
      `payload of ${definition.template} is ${bytes.length} bytes, at most ${definition.maxBytes} are allowed`,
    );
  }
  return { definition, bytes };
}

function downlinkTopicOf(topic: string): DownlinkTopic {
  const match = matchTopic(topic);
  if (match.ok && match.topic.direction === 'downlink') return match.topic;
  const why = match.ok ? 'devices write this topic, the platform does not' : match.detail;
  throw new UnpublishableError(
    'MQTT_TOPIC_NOT_ALLOWED',
    `${JSON.stringify(topic.slice(0, SHOWN_LENGTH))}: ${why}`,
  );
}
