import { Refusal } from '../refusals/refusal.ts';

/** The query of a request as Express parsed it. */
export type Query = Readonly<Record<string, unknown>>;

/** A whole number within bounds, or undefined when it is not there. @throws Refusal `malformed` that names it. */
export function integerFrom(
  query: Query,
  name: string,
  bounds: { min: number; max: number },
): number | undefined {
  const text = textFrom(query, name, 10);
  if (text === undefined) return undefined;
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (value >= bounds.min && value <= bounds.max) return value;
  throw new Refusal('malformed', `${name} must be a whole number from ${bounds.min} to ${bounds.max}.`, {
    field: name,
  });
}

/** One of the given words, or undefined. @throws Refusal `malformed` that names it. */
export function wordFrom<T extends string>(query: Query, name: string, words: readonly T[]): T | undefined {
  const text = textFrom(query, name, 64);
  if (text === undefined) return undefined;
  const word = words.find((known) => known === text);
  if (word !== undefined) return word;
  throw new Refusal('malformed', `${name} must be one of ${words.join(', ')}.`, { field: name });
}

/** A text, or undefined. Given twice, it is neither. @throws Refusal `malformed` that names it. */
export function textFrom(query: Query, name: string, maxLength: number): string | undefined {
  const value = query[name];
  if (value === undefined || value === '') return undefined;
  if (typeof value === 'string' && value.length <= maxLength) return value;
  throw new Refusal('malformed', `${name} must be given once, with at most ${maxLength} characters.`, {
    field: name,
  });
}

/** The number in a path, or 0, which nothing has: what is no number leads nowhere, like an unknown one. */
export function idFrom(text: string): number {
  return /^[1-9]\d{0,15}$/.test(text) ? Number(text) : 0;
}
