import { createSecretKey, hkdfSync, type KeyObject } from 'node:crypto';
import type { MasterKey } from './key-ring.ts';

/**
 * Layout of a sealed frame:
 *
 * | bytes | field |
 * |---|---|
 * | 1 | version |
 * | 4 | key id |
 * | 16 | salt, random per sending process |
 * | 12 | nonce: four zero bytes, then the sender's counter, big endian |
 * | 16 | authentication tag |
 * | rest | ciphertext of: eight bytes time of sealing (ms since 1970, big endian), then the content |
 *
 * The frame key is derived from the master key and the salt, so no two processes ever share a (key, nonce)
 * pair and a counter is a safe nonce. The wire channel is authenticated beside the ciphertext: a frame moved
 * to another channel does not open.
 */
export const FRAME_VERSION = 1;
export const CIPHER = 'aes-256-gcm';
export const SALT_BYTES = 16;
export const NONCE_BYTES = 12;
export const TAG_BYTES = 16;
export const TIME_BYTES = 8;

export const KEY_ID_AT = 1;
export const SALT_AT = KEY_ID_AT + 4;
export const NONCE_AT = SALT_AT + SALT_BYTES;
export const COUNTER_AT = NONCE_AT + 4;
export const TAG_AT = NONCE_AT + NONCE_BYTES;
export const CIPHERTEXT_AT = TAG_AT + TAG_BYTES;

/** Bytes a frame has more than its content. */
export const FRAME_OVERHEAD_BYTES = CIPHERTEXT_AT + TIME_BYTES;

const FRAME_KEY_INFO = Buffer.from('bus channel-layer frame v1');

/** The key for all frames of one sender. A `KeyObject`, because handing raw bytes to each cipher costs thrice as much. */
export function deriveFrameKey(master: MasterKey, salt: Uint8Array): KeyObject {
  return createSecretKey(Buffer.from(hkdfSync('sha256', master.secret, salt, FRAME_KEY_INFO, 32)));
}
