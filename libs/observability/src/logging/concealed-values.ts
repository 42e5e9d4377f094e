import { REDACTED } from './sensitive-patterns.ts';

/** Shorter values would be found by chance in words and numbers that have nothing to do with them. */
const MIN_LENGTH = 4;

/**
 * Values that are secret whatever they look like, known only at run time. While code runs under them (`WorkScope.concealed`),
 * `redact`, `redactText` and with them every log line take them out wherever they occur, also as they are written inside
 * JSON or a URL.
 */
export class ConcealedValues {
  /** Made with the first value; most runs have none. */
  #forms: Set<string> | undefined;
  #pattern: RegExp | undefined;

  /** Adds a value and, of lists and objects, every text and number in it. Shorter ones than four characters are left. */
  add(value: unknown): void {
    if (typeof value === 'object' && value !== null) {
      for (const part of Object.values(value)) this.add(part);
    } else if (typeof value === 'string' || typeof value === 'number' || typeof value === 'bigint') {
      this.#addText(String(value));
    }
  }

  /** The text without the values. */
  clean(text: string): string {
    if (this.#forms === undefined) return text;
    // The longest first: of two values that begin alike, the rest of the longer one must not stay.
    this.#pattern ??= new RegExp(
      [...this.#forms]
        .toSorted((one, other) => other.length - one.length)
        .map((form) => form.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&'))
        .join('|'),
      'g',
    );
    return text.replace(this.#pattern, REDACTED);
  }

  #addText(text: string): void {
    if (text.length < MIN_LENGTH) return;
    const forms = (this.#forms ??= new Set());
    forms.add(text);
    forms.add(JSON.stringify(text).slice(1, -1));
    if (!/\p{Surrogate}/u.test(text)) forms.add(encodeURIComponent(text));
    this.#pattern = undefined;
  }
}
