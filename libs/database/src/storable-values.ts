import { createHash } from 'node:crypto';

/** U+FFFD, Unicode's own sign for "something was here that cannot be shown". */
const REPLACEMENT = '\uFFFD';
/** An index entry holds about 2.7 kB; four bytes a character leaves room for the other columns of the key. */
const MAX_KEY_CHARACTERS = 256;
const EARLIEST_MS = Date.parse('0001-01-01T00:00:00.000Z');
const LATEST_MS = Date.parse('9999-12-31T23:59:59.999Z');

/** Text as Postgres takes it: NUL and halves of surrogate pairs, which it refuses, become U+FFFD. */
export function storableText(text: string): string {
  return text.replaceAll('\u0000', REPLACEMENT).replace(/\p{Surrogate}/gu, REPLACEMENT);
}

export function storableTextOrNull(text: string | null | undefined): string | null {
  return text === null || text === undefined ? null : storableText(text);
}

/**
 * Text that is part of a unique key. One that is too long for an index becomes `sha256:<hex>` of itself, so that it
 * still tells messages apart.
 */
export function storableKey(text: string): string {
  if (text.length <= MAX_KEY_CHARACTERS) return storableText(text);
  return `sha256:${createHash('sha256').update(text).digest('hex')}`;
}

/**
 * JSON text that `jsonb` takes: escaped NUL and lone surrogates, in values and in names, become U+FFFD.
 * A value that JSON does not have (undefined) becomes `null`.
 */
export function storableJson(value: unknown): string {
  const text = JSON.stringify(value) ?? 'null';
  if (!text.includes('\\u')) return text;
  // Whole escapes are matched, so that an escaped backslash before "u0000" is not taken for an escaped NUL. Of the
  // surrogates JSON.stringify escapes exactly those that stand alone.
  return text.replace(/\\(?:u[0-9a-f]{4}|.)/g, (escape) =>
    escape === '\\u0000' || escape.startsWith('\\ud') ? REPLACEMENT : escape,
  );
}

/** A number for a `double precision` column; what is not finite is null. */
export function storableNumber(value: number | null | undefined): number | null {
  return value !== null && value !== undefined && Number.isFinite(value) ? value : null;
}

/** An integer for a `bigint` column; what was rounded or is no integer is null. */
export function storableInteger(value: number | null | undefined): number | null {
  return value !== null && value !== undefined && Number.isSafeInteger(value) ? value : null;
}

/**
 * A time for a `timestamptz` column. Postgres reads the years 1 to 9999 from ISO text; a device clock outside of
 * them is set to the nearer end. Null when it is no time at all.
 */
export function storableTime(value: string | null | undefined): string | null {
  if (value === null || value === undefined) return null;
  const ms = Date.parse(value);
  if (Number.isNaN(ms)) return null;
  return new Date(Math.min(Math.max(ms, EARLIEST_MS), LATEST_MS)).toISOString();
}
