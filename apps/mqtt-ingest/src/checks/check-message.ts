import {
  isClockSuspect,
  isTimestampSuspect,
  isPlainObject,
  parseDeviceTime,
  validatePayload,
} from '@bus/payload-schemas';
import { TOPICS, matchTopic, sourceIdOf } from '@bus/topic-whitelist';
import type { InboundTopic, TopicMatch } from '@bus/topic-whitelist';
import { contentMessageId, readGivenMessageId, undatedAlertMessageId } from './message-id.ts';
import type { Refusal, RefusalCode } from './refusal.ts';

/** A message as the broker delivered it. */
export interface ReceivedMessage {
  readonly topic: string;
  readonly payload: Buffer;
  /** The MQTT 5 user property `message_id`, as it came. */
  readonly messageIdProperty: unknown;
  readonly receivedAt: Date;
}

/** A message that passed every check. */
export interface CheckedMessage {
  readonly definition: InboundTopic;
  readonly topic: string;
  readonly params: Readonly<Record<string, string>>;
  readonly sourceId: string;
  /** Unique per source. */
  readonly messageId: string;
  readonly receivedAt: Date;
  /** Null when the message holds no usable time; only alerts and command replies may. */
  readonly deviceTime: Date | null;
  readonly clockSuspect: boolean;
  /** Fits the payload class of the topic; an alert's is any JSON object. */
  readonly payload: Record<string, unknown>;
  readonly bytes: number;
}

export type CheckResult =
  { readonly ok: true; readonly message: CheckedMessage } | { readonly ok: false; readonly refusal: Refusal };

const utf8 = new TextDecoder('utf-8', { fatal: true });

/**
 * Checks a message in this order: topic, size, UTF-8, JSON, schema. The first that fails decides. Never throws.
 * @param maxBytes the largest payload of any topic; a topic may allow less
 */
export function checkMessage(received: ReceivedMessage, maxBytes: number): CheckResult {
  const refuse = (
    code: RefusalCode,
    reason: string,
    sourceId = sourceIdOf(received.topic),
    messageId: string | null = null,
  ): CheckResult => ({
    ok: false,
    refusal: {
      code,
      reason,
      sourceId,
      messageId,
      topic: received.topic,
      payload: received.payload,
      receivedAt: received.receivedAt,
    },
  });

  const match = matchTopic(received.topic);
  if (!match.ok) return refuse(match.reason, match.detail);
  const { topic: definition, sourceId } = match;
  if (definition.direction !== 'inbound')
    return refuse('unknown_topic', 'devices do not write this topic', null);

  const limit = Math.min(definition.maxBytes, maxBytes);
  const bytes = received.payload.length;
  if (bytes > limit)
    return refuse('size', `the payload must be at most ${limit} bytes, not ${bytes}`, sourceId);

  let text: string;
  try {
    text = utf8.decode(received.payload);
  } catch {
    return refuse('encoding', 'the payload must be UTF-8 text', sourceId);
  }
  let plain: unknown;
  try {
    plain = JSON.parse(text);
  } catch {
    return refuse('json', 'the payload must be JSON', sourceId);
  }
  if (!isPlainObject(plain)) return refuse('schema', 'the payload must be a JSON object', sourceId);

  const id = readGivenMessageId({
    topic: received.topic,
    payload: received.payload,
    property: received.messageIdProperty,
    field: plain['id'],
    sourceId,
  });
  if (definition === TOPICS.device_alert)
    return { ok: true, message: alertOf(received, match, definition, plain, id.ok ? id.messageId : null) };
  if (!id.ok) return refuse('schema', id.reason, sourceId);

  const messageId = id.messageId ?? contentMessageId(received);
  const validation = validatePayload(definition.payload, plain);
  if (!validation.ok) {
    const reason = validation.problems.map(({ field, reason: why }) => `${field} ${why}`).join('; ');
    return refuse(validation.problems[0]?.kind ?? 'schema', reason, sourceId, messageId);
  }
  const payload = validation.value as Record<string, unknown>;
  const deviceTime = parseDeviceTime(payload['timestamp']);
  return {
    ok: true,
    message: {
      definition,
      topic: received.topic,
      params: match.params,
      sourceId,
      messageId,
      receivedAt: received.receivedAt,
      deviceTime,
      clockSuspect: deviceTime !== null && isClockSuspect(deviceTime, received.receivedAt),
      payload,
      bytes,
    },
  };
}

/** An alert is heard whatever state its fields are in: an id or a time that cannot be used counts as none. */
function alertOf(
  received: ReceivedMessage,
  match: Extract<TopicMatch, { ok: true }>,
  definition: InboundTopic,
  payload: Record<string, unknown>,
  givenId: string | null,
): CheckedMessage {
  const deviceTime = parseDeviceTime(payload['timestamp']);
  const ownId = () =>
    deviceTime === null ? undatedAlertMessageId(received, received.receivedAt) : contentMessageId(received);
  return {
    definition,
    topic: received.topic,
    params: match.params,
    sourceId: match.sourceId,
    messageId: givenId ?? ownId(),
    receivedAt: received.receivedAt,
    deviceTime,
    clockSuspect: isTimestampSuspect(payload['timestamp'], received.receivedAt),
    payload,
    bytes: received.payload.length,
  };
}
