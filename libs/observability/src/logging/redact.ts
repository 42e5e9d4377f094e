import { withoutConcealed } from './without-concealed.ts';
import { isSensitiveField } from './sensitive-fields.ts';
import { isCardNumber, redactPatterns, REDACTED } from './sensitive-patterns.ts';

export { REDACTED };

/** Deeper values are dropped: nothing we log or store is that deep, and a hostile payload may be. */
const MAX_DEPTH = 16;

/**
 * The text with every secret replaced that can be recognised by its shape or is concealed where this is called. Text
 * without any is returned as it is.
 */
export function redactText(text: string): string {
  return redactPatterns(withoutConcealed(text));
}

/**
 * A deep copy of the value without secrets: fields named like a secret, a payment or a personal detail become '[redacted]',
 * and so does every token, card number, key, password or address that can be recognised inside a string, a field name, an
 * error message or a stack. Pure: the argument is never changed. Never throws.
 *
 * Errors stay errors of the same class, dates stay dates, objects with `toJSON` are taken in that form, binary
 * data becomes its length, a circular reference becomes '[circular]'. With `maxTextLength` longer strings are cut.
 */
export function redact<T>(value: T, options?: { maxTextLength?: number }): T;
export function redact(
  value: unknown,
  { maxTextLength = Infinity }: { maxTextLength?: number } = {},
): unknown {
  return new Redaction(maxTextLength).copyOf(value);
}

/** One run over one value; knows the way from the root to the value at hand. */
class Redaction {
  readonly #maxTextLength: number;
  readonly #ancestors: object[] = [];

  constructor(maxTextLength: number) {
    this.#maxTextLength = maxTextLength;
  }

  copyOf(value: unknown): unknown {
    if (typeof value === 'string') return this.#copyOfText(value);
    if (typeof value === 'number' || typeof value === 'bigint') return copyOfNumber(value);
    if (typeof value !== 'object' || value === null) return value;
    if (this.#ancestors.includes(value)) return '[circular]';
    if (this.#ancestors.length >= MAX_DEPTH) return '[too deep]';
    this.#ancestors.push(value);
    try {
      return this.#copyOfObject(value);
    } catch {
      // A getter or proxy that throws must not turn a log line into a crash; that something was there is still shown.
      return '[unreadable]';
    } finally {
      this.#ancestors.pop();
    }
  }

  #copyOfText(whole: string): string {
    // Before the cut, which might leave a recognisable half of a concealed value.
    const text = withoutConcealed(whole);
    return text.length > this.#maxTextLength
      ? `${redactPatterns(text.slice(0, this.#maxTextLength))}… (cut)`
      : redactPatterns(text);
  }

  #copyOfObject(value: object): unknown {
    if (Array.isArray(value)) return value.map((item) => this.copyOf(item));
    if (value instanceof Error) return this.#copyOfError(value);
    if (value instanceof Date) return new Date(value);
    if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
    if (value instanceof Map) return this.#copyOfFields(Object.fromEntries(value));
    if (value instanceof Set) return [...value].map((item) => this.copyOf(item));
    if ('toJSON' in value && typeof value.toJSON === 'function') return this.copyOf(value.toJSON());
    return this.#copyOfFields(value);
  }

  #copyOfFields(value: object): Record<string, unknown> {
    const copy: Record<string, unknown> = {};
    for (const name of Object.keys(value)) {
      const field = (value as Record<string, unknown>)[name];
      define(copy, name.length < 8 ? name : this.#copyOfText(name), this.#copyOfField(name, field), true);
    }
    return copy;
  }

  #copyOfField(name: string, field: unknown): unknown {
    // That a secret is absent is worth knowing and gives nothing away.
    if (field === null || field === undefined) return field;
    return isSensitiveField(name) ? REDACTED : this.copyOf(field);
  }

  #copyOfError(error: Error): Error {
    const copy = new Error(this.#copyOfText(textOf(error.message)));
    Object.setPrototypeOf(copy, Reflect.getPrototypeOf(error));
    define(copy, 'stack', this.#copyOfText(textOf(error.stack)), false);
    if (error.cause !== undefined) define(copy, 'cause', this.copyOf(error.cause), false);
    if (error instanceof AggregateError) define(copy, 'errors', this.copyOf(error.errors), false);
    for (const [name, field] of Object.entries(error)) {
      if (name !== 'cause') define(copy, name, this.#copyOfField(name, field), true);
    }
    return copy;
  }
}

/** Libraries put all kinds of things where the type says text. */
function textOf(value: unknown): string {
  return typeof value === 'string' ? value : (JSON.stringify(redact(value)) ?? '');
}

function copyOfNumber(value: number | bigint): unknown {
  const digits = String(value);
  if (withoutConcealed(digits) !== digits) return REDACTED;
  return value > 1e12 && isCardNumber(digits) ? REDACTED : value;
}

/** A plain assignment, save that `__proto__` becomes an ordinary field and that fields may be hidden. */
function define(target: object, name: string, value: unknown, enumerable: boolean): void {
  if (enumerable && name !== '__proto__') (target as Record<string, unknown>)[name] = value;
  else Object.defineProperty(target, name, { value, enumerable, configurable: true, writable: true });
}
