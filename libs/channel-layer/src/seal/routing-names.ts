import { createHmac, createSecretKey, type KeyObject } from 'node:crypto';

/** 132 bits: two names meeting by chance is out of the question, and keys stay short. */
const TAG_CHARACTERS = 22;
const MAX_CACHED_NAMES = 10_000;

/**
 * Turns names that must not be readable in Redis (groups, channels, event ids) into opaque tags.
 *
 * The same name always gives the same tag, in every process that has the routing key. That key is separate from
 * the sealing keys because it must outlive their rotation: with another one, histories would be lost from sight.
 */
export class RoutingNames {
  readonly #key: KeyObject;
  readonly #tags = new Map<string, string>();

  constructor(routingKey: Uint8Array) {
    if (routingKey.length < 16) throw new RangeError('The channel routing key needs at least 16 bytes');
    this.#key = createSecretKey(routingKey);
  }

  /** Tag of a broadcast group: the Redis hash tag of all its keys. */
  ofGroup(group: string): string {
    return this.#tag(`group:${group}`);
  }

  /** Tag of a pub/sub channel of the Socket.IO adapter. */
  ofChannel(channel: string): string {
    return this.#tag(`channel:${channel}`);
  }

  /** Tag of an event id, which may be a device's message id. */
  ofEvent(eventId: string): string {
    // Asked for once or twice: remembering it would only push out the groups.
    return this.#hash(`event:${eventId}`);
  }

  #tag(name: string): string {
    const cached = this.#tags.get(name);
    if (cached !== undefined) return cached;
    const tag = this.#hash(name);
    // Forgetting everything at once keeps this bounded at the price of one hash per name now and then.
    if (this.#tags.size >= MAX_CACHED_NAMES) this.#tags.clear();
    this.#tags.set(name, tag);
    return tag;
  }

  #hash(name: string): string {
    return createHmac('sha256', this.#key).update(name).digest('base64url').slice(0, TAG_CHARACTERS);
  }
}
