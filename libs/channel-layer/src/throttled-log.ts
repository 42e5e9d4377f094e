import type { Logger } from '@nestjs/common';

/** Says the same thing at most once per interval, with how often it happened meanwhile. */
export class ThrottledLog {
  readonly #logger: Logger;
  readonly #intervalMs: number;
  readonly #suppressed = new Map<string, { since: number; count: number }>();

  constructor(logger: Logger, intervalMs = 5_000) {
    this.#logger = logger;
    this.#intervalMs = intervalMs;
  }

  /** `kind` must come from a small fixed set: one entry is kept for each. */
  warn(kind: string, message: string): void {
    const now = Date.now();
    const last = this.#suppressed.get(kind);
    if (last !== undefined && now - last.since < this.#intervalMs) {
      last.count += 1;
      return;
    }
    const repeated =
      last === undefined || last.count === 0 ? '' : ` (and ${last.count} times more since the last report)`;
    this.#suppressed.set(kind, { since: now, count: 0 });
    this.#logger.warn(`${message}${repeated}`);
  }
}
