import { createDecipheriv, type KeyObject } from 'node:crypto';
import type { KeyRing } from './key-ring.ts';
import { ReplayGuard, type ReplayGuardOptions } from './replay-guard.ts';
import {
  CIPHER,
  CIPHERTEXT_AT,
  COUNTER_AT,
  deriveFrameKey,
  FRAME_OVERHEAD_BYTES,
  FRAME_VERSION,
  KEY_ID_AT,
  NONCE_AT,
  SALT_AT,
  TAG_AT,
  TIME_BYTES,
} from './sealed-frame.ts';

/**
 * Why a frame was dropped; the `reason` label of `bus_channel_rejected_total`.
 * - `malformed`: not a frame of ours, or its authentic content is not what belongs on the channel.
 * - `unknown_key`: sealed with a key this process does not have.
 * - `forged`: does not authenticate: altered, made without the key, or moved from another channel.
 * - `replayed`: authentic, but taken before (or older than the replay window).
 * - `stale`: authentic, but sealed too long ago or in the future.
 */
export type RejectReason = 'malformed' | 'unknown_key' | 'forged' | 'replayed' | 'stale';

export interface OpenedFrame {
  readonly ok: true;
  readonly content: Buffer;
  /** Milliseconds since 1970 by the sender's clock. */
  readonly sealedAt: number;
  /** 48 bits of the authentication tag: equal for copies of one frame, different for any two frames. */
  readonly identity: number;
}

export interface RejectedFrame {
  readonly ok: false;
  readonly reason: RejectReason;
}

/** Frame keys of this many senders are kept; deriving one again costs about twenty microseconds. */
const MAX_CACHED_KEYS = 1_024;

/**
 * Opens frames of every sender. Never throws: whatever arrives is either opened or rejected with a reason.
 */
export class Opener {
  readonly #keys: KeyRing;
  readonly #replays: ReplayGuard;
  readonly #frameKeys = new Map<string, KeyObject>();

  constructor(keys: KeyRing, options: ReplayGuardOptions = {}, now: () => number = Date.now) {
    this.#keys = keys;
    this.#replays = new ReplayGuard(options, now);
  }

  /** Opens a frame that was just received: each frame opens once, and only for a while after it was sealed. */
  openLive(wireChannel: string, frame: Buffer): OpenedFrame | RejectedFrame {
    const opened = this.openStored(wireChannel, frame);
    if (!opened.ok) return opened;
    const verdict = this.#replays.check(senderOf(frame), counterOf(frame), opened.sealedAt);
    return verdict === 'new' ? opened : { ok: false, reason: verdict };
  }

  /** Opens a frame from a history, where it may be old and read many times. */
  openStored(wireChannel: string, frame: Buffer): OpenedFrame | RejectedFrame {
    if (
      frame.length < FRAME_OVERHEAD_BYTES ||
      frame[0] !== FRAME_VERSION ||
      frame.readUInt32BE(NONCE_AT) !== 0
    ) {
      return { ok: false, reason: 'malformed' };
    }
    const master = this.#keys.find(frame.readUInt32BE(KEY_ID_AT));
    if (master === undefined) return { ok: false, reason: 'unknown_key' };

    const sender = senderOf(frame);
    const cached = this.#frameKeys.get(sender);
    const key = cached ?? deriveFrameKey(master, frame.subarray(SALT_AT, NONCE_AT));
    const content = decrypt(key, wireChannel, frame);
    if (content === undefined) return { ok: false, reason: 'forged' };
    // Only after authentication: senders made up by an outsider must not push out the real ones.
    if (cached === undefined) this.#cache(sender, key);
    return {
      ok: true,
      content: content.subarray(TIME_BYTES),
      sealedAt: readUInt64(content, 0),
      identity: identityOf(frame),
    };
  }

  #cache(sender: string, key: KeyObject): void {
    if (this.#frameKeys.size >= MAX_CACHED_KEYS) {
      const [first] = this.#frameKeys.keys();
      if (first !== undefined) this.#frameKeys.delete(first);
    }
    this.#frameKeys.set(sender, key);
  }
}

function decrypt(key: KeyObject, wireChannel: string, frame: Buffer): Buffer | undefined {
  try {
    const decipher = createDecipheriv(CIPHER, key, frame.subarray(NONCE_AT, TAG_AT));
    decipher.setAAD(Buffer.from(wireChannel));
    decipher.setAuthTag(frame.subarray(TAG_AT, CIPHERTEXT_AT));
    const content = decipher.update(frame.subarray(CIPHERTEXT_AT));
    decipher.final();
    return content;
  } catch {
    // `final` throws exactly when the tag does not match; the reason is the same for anything else.
    return undefined;
  }
}

/** Key id and salt: what the frame key depends on. */
function senderOf(frame: Buffer): string {
  return frame.toString('latin1', KEY_ID_AT, NONCE_AT);
}

function counterOf(frame: Buffer): number {
  return readUInt64(frame, COUNTER_AT);
}

function identityOf(frame: Buffer): number {
  return frame.readUIntBE(TAG_AT, 6);
}

function readUInt64(source: Buffer, at: number): number {
  return source.readUInt32BE(at) * 0x1_0000_0000 + source.readUInt32BE(at + 4);
}
