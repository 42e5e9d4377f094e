import { storableText } from '@bus/payload-schemas';

/** JSON writes no character with more than this: `\u001f`. */
const BYTES_PER_CHARACTER = 6;

/** The longest number, as `-1.2345678901234567e-300`, is shorter; so are the words. */
const BYTES_PER_SCALAR = 32;

/** A colon or quotes, and a comma or bracket. */
const BYTES_OF_SIGNS = 4;

/**
 * The most bytes the JSON of a value may take, when the value is what its own JSON would be read as: plain objects and lists, and texts
 * every store takes. Such a value needs no way through JSON, and a small one need not be written to know that it is. Undefined when in
 * doubt. For copies that `redact` has made: without circles, hidden fields and fields of lists.
 */
export function mostJsonBytes(value: unknown): number | undefined {
  switch (typeof value) {
    case 'string':
      return storableText(value) === value ? bytesOfText(value) : undefined;
    case 'number':
      // JSON has no NaN, no infinity and no negative zero.
      return Number.isFinite(value) && !Object.is(value, -0) ? BYTES_PER_SCALAR : undefined;
    case 'boolean':
      return BYTES_PER_SCALAR;
    case 'object':
      if (value === null) return BYTES_PER_SCALAR;
      return Array.isArray(value) ? bytesOfList(value) : bytesOfFields(value);
    default:
      return undefined;
  }
}

function bytesOfText(text: string): number {
  return text.length * BYTES_PER_CHARACTER + BYTES_OF_SIGNS;
}

function bytesOfList(list: readonly unknown[]): number | undefined {
  if (Object.getPrototypeOf(list) !== Array.prototype) return undefined;
  let bytes = BYTES_OF_SIGNS;
  for (const item of list) {
    const more = mostJsonBytes(item);
    if (more === undefined) return undefined;
    bytes += more + BYTES_OF_SIGNS;
  }
  return bytes;
}

function bytesOfFields(value: object): number | undefined {
  if (Object.getPrototypeOf(value) !== Object.prototype) return undefined;
  let bytes = BYTES_OF_SIGNS;
  for (const name of Object.keys(value)) {
    const more = mostJsonBytes((value as Record<string, unknown>)[name]);
    if (more === undefined || name === 'toJSON' || name === '__proto__') return undefined;
    bytes += bytesOfText(name) + more;
  }
  return bytes;
}
