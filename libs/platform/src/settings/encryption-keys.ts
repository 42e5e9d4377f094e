const KEY_BYTES = 32;

/** 32 random bytes hold about 30 different values; fewer than 16 happens to none in practice. */
const LEAST_DISTINCT_BYTES = 16;

/** What is wrong with the form of a key, or undefined. Never repeats the key. */
export function keyProblem(key: string): string | undefined {
  if (!/^[A-Za-z0-9+/_-]+={0,2}$/.test(key)) return 'must be base64';
  const { length } = decodeKey(key);
  return length === KEY_BYTES ? undefined : `must be ${KEY_BYTES} bytes, not ${length}`;
}

/** The bytes of a key in base64 or base64url. */
export function decodeKey(key: string): Buffer {
  return Buffer.from(key, 'base64');
}

/** Whether a key was made by hand rather than at random: few different bytes, readable text, or a running sequence. */
export function isWeakKey(key: string): boolean {
  const bytes = decodeKey(key);
  const isReadable = bytes.every((byte) => byte >= 0x20 && byte < 0x7f);
  const step = (bytes[1] ?? 0) - (bytes[0] ?? 0);
  const isSequence = bytes.every(
    (byte, index) => index === 0 || ((byte - (bytes[index - 1] ?? 0) - step) & 0xff) === 0,
  );
  return new Set(bytes).size < LEAST_DISTINCT_BYTES || isReadable || isSequence;
}
