import type { EventEnvelope } from '@bus/payload-schemas';
import type { UndeliveredBroadcast } from '../outbox/broadcast-outbox.ts';

/** A history holds a thousand events, and a browser may have to take them all: what is larger belongs behind a link. */
const MAX_EVENT_BYTES = 65_536;

/** Names Socket.IO keeps for itself, and those the gateway answers with. */
const RESERVED_EVENTS = new Set([
  'connect',
  'connect_error',
  'disconnect',
  'disconnecting',
  'newListener',
  'removeListener',
  'subscribed',
  'gap',
]);

/** A broadcast that can never be sent, however often it is tried. */
export class InvalidBroadcastError extends Error {
  override readonly name = 'InvalidBroadcastError';
}

/**
 * The envelope as it is sealed: everything but `epoch` and `offset`, which Redis has yet to assign.
 * @throws InvalidBroadcastError when it cannot be sent to a browser.
 */
export function encodeEnvelope(broadcast: Omit<UndeliveredBroadcast, 'target' | 'eventId'>): string {
  // Plain functions and stored broadcasts come from where no compiler looked.
  const groupName: unknown = broadcast.groupName;
  const messageType: unknown = broadcast.messageType;
  if (typeof groupName !== 'string' || groupName === '') {
    throw new InvalidBroadcastError('A broadcast needs a group name');
  }
  if (typeof messageType !== 'string' || messageType === '' || RESERVED_EVENTS.has(messageType)) {
    throw new InvalidBroadcastError(`'${String(messageType)}' cannot be the name of a browser event`);
  }
  if (typeof broadcast.data !== 'object' || broadcast.data === null) {
    throw new InvalidBroadcastError(`The data of '${messageType}' must be an object`);
  }
  const json = stringify(broadcast);
  if (Buffer.byteLength(json) > MAX_EVENT_BYTES) {
    throw new InvalidBroadcastError(`'${messageType}' is larger than ${MAX_EVENT_BYTES} bytes`);
  }
  return json;
}

/** The envelope of an opened event, or undefined when the bytes are not an event of that group. */
export function decodeEnvelope(
  content: Buffer,
  place: { readonly group: string; readonly epoch: string; readonly offset: number },
): EventEnvelope | undefined {
  let envelope: Partial<EventEnvelope> | null;
  try {
    envelope = JSON.parse(content.toString()) as Partial<EventEnvelope> | null;
  } catch {
    return undefined;
  }
  if (typeof envelope !== 'object' || envelope === null) return undefined;
  if (envelope.group !== place.group || typeof envelope.type !== 'string') return undefined;
  envelope.epoch = place.epoch;
  envelope.offset = String(place.offset);
  return envelope as EventEnvelope;
}

function stringify(broadcast: Omit<UndeliveredBroadcast, 'target' | 'eventId'>): string {
  try {
    return JSON.stringify({
      type: broadcast.messageType,
      data: broadcast.data,
      priority: broadcast.priority,
      timestamp: broadcast.timestamp,
      task_id: broadcast.taskId,
      task_name: broadcast.taskName,
      group: broadcast.groupName,
    });
  } catch (error) {
    throw new InvalidBroadcastError(`The data of '${broadcast.messageType}' is not JSON`, { cause: error });
  }
}
