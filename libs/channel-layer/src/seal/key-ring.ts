import { createHash, createSecretKey, type KeyObject } from 'node:crypto';

const KEY_BYTES = 32;

/** A master key and the public name frames refer to it by. */
export interface MasterKey {
  /** First four bytes of a hash of the key, so it means the same key in every process and after every rotation. */
  readonly id: number;
  readonly secret: KeyObject;
}

/**
 * The master keys of this process. The first one seals, every one opens.
 *
 * Rotating without downtime: add the new key at the end everywhere, move it to the front everywhere, and
 * remove the old one once histories sealed with it have expired.
 */
export class KeyRing {
  readonly primary: MasterKey;
  readonly #byId: ReadonlyMap<number, MasterKey>;

  /**
   * @param secrets 32 bytes each, the sealing one first. The same key twice is the same as once.
   * @throws RangeError when there is none, or one has another length.
   */
  constructor(secrets: readonly Uint8Array[]) {
    const byId = new Map<number, MasterKey>();
    for (const secret of secrets) {
      const key = masterKey(secret);
      const known = byId.get(key.id);
      if (known !== undefined && !known.secret.equals(key.secret)) {
        throw new RangeError(
          'Two channel keys have the same key id: replace one of them by a new random key',
        );
      }
      byId.set(key.id, known ?? key);
    }
    const [primary] = byId.values();
    if (primary === undefined) throw new RangeError('The channel layer needs at least one 32-byte key');
    this.primary = primary;
    this.#byId = byId;
  }

  /** The key a frame names, or undefined when this process does not (or no longer) have it. */
  find(id: number): MasterKey | undefined {
    return this.#byId.get(id);
  }
}

function masterKey(secret: Uint8Array): MasterKey {
  if (secret.length !== KEY_BYTES) {
    throw new RangeError(`A channel key must have ${KEY_BYTES} bytes, one has ${secret.length}`);
  }
  const id = createHash('sha256').update('bus channel key id').update(secret).digest().readUInt32BE(0);
  return { id, secret: createSecretKey(secret) };
}
