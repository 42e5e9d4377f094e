/**
 * The one text of a JSON value (RFC 8785): fields sorted by their UTF-16 code units, no white space, numbers as JavaScript
 * writes them. Two values give the same text exactly when they are the same JSON; fields that are undefined are not JSON
 * and do not count.
 */
export function canonicalJson(value: unknown): string {
  return write(value) ?? 'null';
}

function write(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  if ('toJSON' in value && typeof value.toJSON === 'function') return write(value.toJSON());
  if (Array.isArray(value)) return `[${value.map((item) => write(item) ?? 'null').join(',')}]`;
  const fields = value as Record<string, unknown>;
  const written = Object.keys(fields)
    .toSorted()
    .flatMap((name) => {
      const field = write(fields[name]);
      return field === undefined ? [] : [`${JSON.stringify(name)}:${field}`];
    });
  return `{${written.join(',')}}`;
}
