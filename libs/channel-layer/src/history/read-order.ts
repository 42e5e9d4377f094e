import { CLOCK_LEEWAY_MS, MAX_AGE_MS } from '../seal/clock-tolerance.ts';

/**
 * Notices frames that were copied to another place of a history.
 *
 * A history is read many times, so "seen before" proves nothing there. But within one reading each frame appears
 * once, and none was sealed long before one that precedes it: sealing and appending are a moment apart, and
 * clocks of the senders differ by a bounded amount.
 */
export class ReadOrder {
  readonly #offsets = new Map<number, number>();
  readonly #toleranceMs: number;
  #newestSealedAt = 0;

  /**
   * @param toleranceMs how much earlier than its predecessor a frame may have been sealed.
   * @default as much as two wrong clocks and a slow way can make it
   */
  constructor(toleranceMs = MAX_AGE_MS + 2 * CLOCK_LEEWAY_MS) {
    this.#toleranceMs = toleranceMs;
  }

  /** False when the frame cannot belong to this offset. The same frame at the same offset may be shown again. */
  accept(offset: number, identity: number, sealedAt: number): boolean {
    const known = this.#offsets.get(identity);
    if (known !== undefined) return known === offset;
    if (sealedAt < this.#newestSealedAt - this.#toleranceMs) return false;
    this.#newestSealedAt = Math.max(this.#newestSealedAt, sealedAt);
    this.#offsets.set(identity, offset);
    return true;
  }
}
