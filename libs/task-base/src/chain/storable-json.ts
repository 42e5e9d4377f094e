import { storableText } from '@bus/payload-schemas';

/**
 * Whether the value is what its own JSON would be read as: plain objects and lists, and texts every store takes. Such a value needs no
 * way through JSON. False when in doubt. Not for values with circles.
 */
export function isStorableJson(value: unknown): boolean {
  switch (typeof value) {
    case 'string':
      return storableText(value) === value;
    case 'number':
      // JSON has no NaN, no infinity and no negative zero.
      return Number.isFinite(value) && !Object.is(value, -0);
    case 'boolean':
      return true;
    case 'object':
      return value === null || (isPlain(value) && Object.values(value).every(isStorableJson));
    default:
      return false;
  }
}

/** An object literal without a form of its own, or a list without holes and without other fields. */
function isPlain(value: object): boolean {
  const keys = Reflect.ownKeys(value);
  if (Array.isArray(value)) {
    return Reflect.getPrototypeOf(value) === Array.prototype && keys.length === value.length + 1;
  }
  return (
    Reflect.getPrototypeOf(value) === Object.prototype &&
    keys.every((key) => typeof key === 'string' && key !== 'toJSON' && key !== '__proto__')
  );
}
