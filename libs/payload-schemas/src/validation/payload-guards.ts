import type { MessageLimits } from './message-limits.ts';

/** One refused field: its path (`location.lat`, `messages[3].battery`) and what is allowed there. */
export interface Problem {
  readonly field: string;
  readonly reason: string;
  /** `injection` for a field name that reaches into objects (`__proto__`); `schema` otherwise. */
  readonly kind: 'schema' | 'injection';
}

/** Field names that reach an object's prototype when somebody later merges or assigns carelessly. */
const DANGEROUS_KEYS: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype']);

const MAX_REPORTED_PATH = 200;
const MAX_REPORTED_KEY = 64;

export interface Inspection {
  readonly problem: Problem | null;
  /** Some text holds a NUL or half a surrogate pair, which neither a text nor a jsonb column can store. */
  readonly hasUnstorableText: boolean;
}

/** Walks a parsed JSON value once and reports the first breach of the limits. Never throws, whatever the depth. */
export function inspect(plain: unknown, limits: MessageLimits): Inspection {
  const inspector = new Inspector(limits);
  const problem = inspector.visit(plain, 1, null);
  return { problem, hasUnstorableText: inspector.hasUnstorableText };
}

/** The way to a value, as a chain, so that a path is only spelt out when there is something to report. */
interface Path {
  readonly parent: Path | null;
  readonly key: string | number;
}

class Inspector {
  hasUnstorableText = false;
  private entries = 0;

  constructor(private readonly limits: MessageLimits) {}

  visit(value: unknown, depth: number, path: Path | null): Problem | null {
    switch (typeof value) {
      case 'string':
        return this.visitText(value, path);
      case 'number':
        return Number.isFinite(value) ? null : problemAt(path, 'must be a finite number');
      case 'boolean':
      case 'undefined':
        return null;
      case 'object':
        if (value === null) return null;
        if (depth > this.limits.maxDepth) {
          return problemAt(path, `must be nested at most ${this.limits.maxDepth} levels deep`);
        }
        return Array.isArray(value)
          ? this.visitList(value, depth, path)
          : this.visitObject(value, depth, path);
      case 'bigint':
      case 'symbol':
      case 'function':
      default:
        return problemAt(path, 'must be a JSON value');
    }
  }

  private visitObject(value: object, depth: number, parent: Path | null): Problem | null {
    const fields = value as Record<string, unknown>;
    for (const key of Object.keys(fields)) {
      if (!this.countEntry()) return this.tooManyEntries(parent);
      if (DANGEROUS_KEYS.has(key)) {
        return { ...problemAt({ parent, key }, 'is a field name that is not allowed'), kind: 'injection' };
      }
      if (key.length > this.limits.maxKeyLength) {
        return problemAt(
          { parent, key },
          `must have a name of at most ${this.limits.maxKeyLength} characters`,
        );
      }
      if (!isStorableText(key)) this.hasUnstorableText = true;
      const field = fields[key];
      // Numbers are most of the fleet's traffic: no path and no call for them.
      if (typeof field === 'number' && Number.isFinite(field)) continue;
      const problem = this.visit(field, depth + 1, { parent, key });
      if (problem !== null) return problem;
    }
    return null;
  }

  private visitList(value: readonly unknown[], depth: number, parent: Path | null): Problem | null {
    for (let key = 0; key < value.length; key += 1) {
      if (!this.countEntry()) return this.tooManyEntries(parent);
      const problem = this.visit(value[key], depth + 1, { parent, key });
      if (problem !== null) return problem;
    }
    return null;
  }

  private visitText(value: string, path: Path | null): Problem | null {
    if (value.length > this.limits.maxTextLength) {
      return problemAt(path, `must be at most ${this.limits.maxTextLength} characters long`);
    }
    if (!isStorableText(value)) this.hasUnstorableText = true;
    return null;
  }

  private countEntry(): boolean {
    this.entries += 1;
    return this.entries <= this.limits.maxEntries;
  }

  private tooManyEntries(path: Path | null): Problem {
    return problemAt(path, `must keep the message within ${this.limits.maxEntries} fields and list items`);
  }
}

/**
 * A copy of a parsed JSON value that is within the limits whatever came in: what is too deep, too much or dangerous is
 * left out, long text is cut, a number that is not finite becomes null, and unstorable text is repaired (NUL is shown
 * as ␀, half a surrogate pair as �). `dropped` counts what was changed, repairs aside.
 */
export function boundedCopy(plain: unknown, limits: MessageLimits): { value: unknown; dropped: number } {
  let entries = 0;
  let dropped = 0;

  const copy = (value: unknown, depth: number): unknown => {
    if (typeof value === 'string') {
      if (value.length <= limits.maxTextLength) return storableText(value);
      dropped += 1;
      return storableText(value.slice(0, limits.maxTextLength));
    }
    if (typeof value === 'number' && !Number.isFinite(value)) {
      dropped += 1;
      return null;
    }
    if (typeof value !== 'object' || value === null) return value;
    if (depth > limits.maxDepth) {
      dropped += 1;
      return null;
    }
    return Array.isArray(value)
      ? copyList(value, depth)
      : copyObject(value as Record<string, unknown>, depth);
  };

  const copyList = (list: readonly unknown[], depth: number): unknown[] => {
    const copied: unknown[] = [];
    for (const item of list) {
      if (entries >= limits.maxEntries) {
        dropped += 1;
        break;
      }
      entries += 1;
      copied.push(copy(item, depth + 1));
    }
    return copied;
  };

  const copyObject = (object: Record<string, unknown>, depth: number): Record<string, unknown> => {
    const copied: Record<string, unknown> = {};
    for (const key of Object.keys(object)) {
      if (entries >= limits.maxEntries) {
        dropped += 1;
        break;
      }
      if (DANGEROUS_KEYS.has(key) || key.length > limits.maxKeyLength) {
        dropped += 1;
        continue;
      }
      entries += 1;
      copied[storableText(key)] = copy(object[key], depth + 1);
    }
    return copied;
  };

  return { value: copy(plain, 1), dropped };
}

/** The text as every store can hold it: NUL is shown as ␀ and half a surrogate pair as �. */
export function storableText(text: string): string {
  return isStorableText(text) ? text : text.toWellFormed().replaceAll('\0', '\u2400');
}

function isStorableText(text: string): boolean {
  return text.isWellFormed() && !text.includes('\0');
}

function problemAt(path: Path | null, reason: string): Problem {
  return { field: spell(path), reason, kind: 'schema' };
}

/** Long paths keep their beginning, which is the field the sender knows. */
function spell(path: Path | null): string {
  const keys: string[] = [];
  for (let step = path; step !== null; step = step.parent) {
    const { key } = step;
    keys.push(typeof key === 'number' ? `[${key}]` : `.${storableText(key.slice(0, MAX_REPORTED_KEY))}`);
  }
  const text = keys.toReversed().join('').replace(/^\./, '');
  return text === '' ? '(message)' : text.slice(0, MAX_REPORTED_PATH);
}
