import { UNREADABLE } from '../chain/read-parameters.ts';

/** Fields of a job's hash that BullMQ parses without a guard, and what it finds instead when they cannot be parsed. */
const GUARDED = Object.entries({ opts: '{}', progress: '0', parent: '' });

/**
 * Options as this bus writes them: names, and values without escapes or in one more object of the same kind. Seen to be JSON in a
 * fraction of the time it takes to parse them, which BullMQ does anyway.
 */
const SCALAR = String.raw`(?:"[\w.:-]*"|-?(?:0|[1-9]\d*)|true|false|null)`;
const OUR_OPTIONS = new RegExp(`^${objectOf(`(?:${SCALAR}|${objectOf(SCALAR)})`)}$`);

function objectOf(value: string): string {
  const field = String.raw`"\w+":${value}`;
  return String.raw`\{(?:${field}(?:,${field})*)?\}`;
}

/** Job data that stands for something unreadable; the chain turns it into a dead letter that says what was wrong. */
export function unreadableData(what: string): string {
  return JSON.stringify({ [UNREADABLE]: what });
}

/**
 * Makes a job as it came from Redis (field, value, field, value ...) safe for BullMQ to take in: a field that is not JSON would
 * throw inside its fetch loop, and the job would be fetched and lost and found again for ever. Changes the list in place.
 */
export function mendJobHash(fields: unknown[]): void {
  const broken: string[] = [];
  for (const [name, neutral] of GUARDED) {
    const index = indexOfField(fields, name);
    if (index === -1 || isJsonFor(name, fields[index + 1])) continue;
    fields[index + 1] = neutral;
    broken.push(name);
  }
  if (broken.length > 0) setField(fields, 'data', unreadableData(`${broken.join(', ')}: not JSON`));
}

function isJsonFor(name: string, value: unknown): boolean {
  const text = String(value);
  if (name === 'opts' && OUR_OPTIONS.test(text)) return true;
  try {
    const parsed: unknown = JSON.parse(text);
    return name !== 'opts' || (typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed));
  } catch {
    return false;
  }
}

/** Sets one field of a job as it came from Redis, in place. */
export function setField(fields: unknown[], name: string, value: string): void {
  const index = indexOfField(fields, name);
  if (index === -1) fields.push(name, value);
  else fields[index + 1] = value;
}

/** One field of a job as it came from Redis; undefined when the job has none of that name. */
export function fieldOf(fields: readonly unknown[], name: string): string | undefined {
  const index = indexOfField(fields, name);
  return index === -1 ? undefined : String(fields[index + 1]);
}

function indexOfField(fields: readonly unknown[], name: string): number {
  for (let index = 0; index < fields.length; index += 2) if (fields[index] === name) return index;
  return -1;
}
