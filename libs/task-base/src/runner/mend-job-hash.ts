import { UNREADABLE } from '../chain/read-parameters.ts';

/** Fields of a job's hash that BullMQ parses without a guard, and what it finds instead when they cannot be parsed. */
const GUARDED: Readonly<Record<string, string>> = { opts: '{}', progress: '0', parent: '' };

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
  for (let index = 0; index + 1 < fields.length; index += 2) {
    const name = String(fields[index]);
    const neutral = GUARDED[name];
    if (neutral === undefined || isJsonFor(name, fields[index + 1])) continue;
    fields[index + 1] = neutral;
    broken.push(name);
  }
  if (broken.length > 0) setField(fields, 'data', unreadableData(`${broken.join(', ')}: not JSON`));
}

function isJsonFor(name: string, value: unknown): boolean {
  try {
    const parsed: unknown = JSON.parse(String(value));
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
  return fields.findIndex((field, index) => index % 2 === 0 && String(field) === name);
}
