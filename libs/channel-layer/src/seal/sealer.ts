import { createCipheriv, randomBytes, type KeyObject } from 'node:crypto';
import type { KeyRing } from './key-ring.ts';
import {
  CIPHER,
  CIPHERTEXT_AT,
  COUNTER_AT,
  deriveFrameKey,
  FRAME_OVERHEAD_BYTES,
  FRAME_VERSION,
  KEY_ID_AT,
  NONCE_AT,
  NONCE_BYTES,
  SALT_AT,
  SALT_BYTES,
  TAG_AT,
  TIME_BYTES,
} from './sealed-frame.ts';

/** Seals everything one process sends. Synchronous, about ten microseconds for a kilobyte. */
export class Sealer {
  readonly #keyId: number;
  readonly #key: KeyObject;
  readonly #salt = randomBytes(SALT_BYTES);
  readonly #nonce = Buffer.alloc(NONCE_BYTES);
  readonly #time = Buffer.alloc(TIME_BYTES);
  readonly #now: () => number;
  #counter = 0;

  constructor(keys: KeyRing, now: () => number = Date.now) {
    this.#keyId = keys.primary.id;
    this.#key = deriveFrameKey(keys.primary, this.#salt);
    this.#now = now;
  }

  /**
   * Seals `content` for one wire channel; it opens on no other.
   * Each call uses the next counter, so a receiver that watches for replays takes each frame once.
   */
  seal(wireChannel: string, content: string | Uint8Array): Buffer {
    const length = typeof content === 'string' ? Buffer.byteLength(content) : content.length;
    const frame = Buffer.allocUnsafe(FRAME_OVERHEAD_BYTES + length);
    this.#counter += 1;
    writeUInt64(this.#nonce, this.#counter, COUNTER_AT - NONCE_AT);
    writeUInt64(this.#time, this.#now(), 0);

    frame.writeUInt8(FRAME_VERSION, 0);
    frame.writeUInt32BE(this.#keyId, KEY_ID_AT);
    frame.set(this.#salt, SALT_AT);
    frame.set(this.#nonce, NONCE_AT);

    const cipher = createCipheriv(CIPHER, this.#key, this.#nonce);
    cipher.setAAD(Buffer.from(wireChannel));
    frame.set(cipher.update(this.#time), CIPHERTEXT_AT);
    const body = typeof content === 'string' ? cipher.update(content, 'utf8') : cipher.update(content);
    frame.set(body, CIPHERTEXT_AT + TIME_BYTES);
    cipher.final();
    frame.set(cipher.getAuthTag(), TAG_AT);
    return frame;
  }
}

/** Numbers here stay far below 2^53, and two 32-bit writes are several times faster than a BigInt. */
function writeUInt64(target: Buffer, value: number, at: number): void {
  target.writeUInt32BE(Math.floor(value / 0x1_0000_0000), at);
  target.writeUInt32BE(value >>> 0, at + 4);
}
