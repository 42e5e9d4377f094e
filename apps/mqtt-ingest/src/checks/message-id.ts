import { hash } from 'node:crypto';
import { MAX_MESSAGE_ID_LENGTH, storableText } from '@bus/payload-schemas';

/**
 * An alert without id and without time cannot be told from its own repetition by its content: two presses of a panic button
 * are the same bytes. Such alerts count as the same only within one window of this length, 10 minutes: long
 * enough for redeliveries of the same press, short enough that a later emergency is never taken for an old one.
 */
export const UNDATED_ALERT_WINDOW_MS = 10 * 60_000;

export interface IdentifiableMessage {
  readonly topic: string;
  readonly payload: Buffer;
  /** The MQTT 5 user property `message_id`, as it came. */
  readonly property: unknown;
  /** The payload's field `id`, as it came. */
  readonly field: unknown;
  readonly sourceId: string;
}

export type MessageIdReading =
  { readonly ok: true; readonly messageId: string | null } | { readonly ok: false; readonly reason: string };

/**
 * The id the sender gave: the user property, else the payload's `id` (a text or a whole number). Null when there is none. A
 * payload's `id` that is just the sender's own name is its name, not the message's: taken for an id, it
 * would make every message but the first a duplicate.
 */
export function readGivenMessageId(message: IdentifiableMessage): MessageIdReading {
  if (message.property !== undefined) return readId(message.property, 'user property message_id');
  const { field } = message;
  if (field === undefined || field === null || field === message.sourceId)
    return { ok: true, messageId: null };
  return readId(typeof field === 'number' && Number.isSafeInteger(field) ? String(field) : field, 'id');
}

function readId(value: unknown, name: string): MessageIdReading {
  const isUsable =
    typeof value === 'string' &&
    value !== '' &&
    value.length <= MAX_MESSAGE_ID_LENGTH &&
    storableText(value) === value;
  if (isUsable) return { ok: true, messageId: value };
  return {
    ok: false,
    reason: `${name} must be a text of 1 to ${MAX_MESSAGE_ID_LENGTH} characters without NUL`,
  };
}

/** The id of a message that has none: the SHA-256 of topic and payload, in hexadecimal. */
export function contentMessageId(message: Pick<IdentifiableMessage, 'topic' | 'payload'>): string {
  return hash('sha256', Buffer.concat([Buffer.from(message.topic), message.payload]), 'hex');
}

/** The same for an alert without any time: followed by the start of its window, in epoch seconds. */
export function undatedAlertMessageId(
  message: Pick<IdentifiableMessage, 'topic' | 'payload'>,
  receivedAt: Date,
): string {
  const window =
    Math.floor(receivedAt.getTime() / UNDATED_ALERT_WINDOW_MS) * (UNDATED_ALERT_WINDOW_MS / 1000);
  return `${contentMessageId(message)}-${window}`;
}
