import type { Logger } from '@nestjs/common';

const AT_MOST_EVERY_MS = 5_000;

/** Logs a warning at most every 5 s and tells how many it held back, so an outage does not fill the log. */
export class RepeatedWarning {
  readonly #logger: Pick<Logger, 'warn'>;
  readonly #now: () => number;
  #lastAt = Number.NEGATIVE_INFINITY;
  #heldBack = 0;

  constructor(logger: Pick<Logger, 'warn'>, now: () => number = () => performance.now()) {
    this.#logger = logger;
    this.#now = now;
  }

  warn(message: string, error?: Error): void {
    if (this.#now() - this.#lastAt < AT_MOST_EVERY_MS) {
      this.#heldBack += 1;
      return;
    }
    this.#lastAt = this.#now();
    this.#logger.warn(message, {
      ...(error ? { reason: error.message || error.name, ...codeOf(error) } : {}),
      ...(this.#heldBack > 0 ? { held_back: this.#heldBack } : {}),
    });
    this.#heldBack = 0;
  }
}

/** System errors such as ECONNREFUSED often have an empty message; their code says what happened. */
function codeOf(error: Error): { code?: unknown } {
  return 'code' in error ? { code: error.code } : {};
}
