import { createHmac, createSecretKey, type KeyObject } from 'node:crypto';
import type { ChannelKeys } from '../channel-core.ts';
import { KeyRing } from './key-ring.ts';
import { Opener, type RejectReason } from './opener.ts';
import { Sealer } from './sealer.ts';

export type OpenedValue =
  { readonly ok: true; readonly text: string } | { readonly ok: false; readonly reason: RejectReason };

/**
 * Seals values that lie in Redis until some process of the bus needs them, under the same rotating keys as everything
 * between processes: the first key seals, every key opens.
 *
 * A value is bound to its place: sealed for one, it opens at no other. It says nothing of when: a value put back at its
 * own place opens again.
 */
export class ValueSealer {
  readonly #sealer: Sealer;
  readonly #opener: Opener;
  readonly #fingerprintKey: KeyObject;

  constructor(keys: ChannelKeys) {
    const ring = new KeyRing(keys.encryptionKeys());
    // A sealer of its own has a salt of its own, so it never shares a nonce with the one for broadcasts.
    this.#sealer = new Sealer(ring);
    this.#opener = new Opener(ring);
    this.#fingerprintKey = createSecretKey(keys.routingKey());
  }

  /** The sealed text in base64url. Sealing the same text twice gives two different values. */
  seal(place: string, text: string): string {
    return this.#sealer.seal(aadOf(place), text).toString('base64url');
  }

  /** Never throws: whatever lies there is opened or refused with a reason. */
  open(place: string, sealed: string): OpenedValue {
    const opened = this.#opener.openStored(aadOf(place), Buffer.from(sealed, 'base64url'));
    return opened.ok ? { ok: true, text: opened.content.toString('utf8') } : opened;
  }

  /**
   * Tells whether two texts are the same without giving either away, not even to somebody who tries out all short ones.
   * Stays the same while the encryption keys rotate.
   */
  fingerprint(text: string): string {
    return createHmac('sha256', this.#fingerprintKey).update(`value:${text}`).digest('hex');
  }
}

/** Keeps values apart from frames, whose channels all begin with `bus:`. */
function aadOf(place: string): string {
  return `value:${place}`;
}
