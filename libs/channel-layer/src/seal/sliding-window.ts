const WORD_BITS = 32;

/**
 * Remembers which counters of one sender were seen, in the manner of the IPsec anti-replay window (RFC 6479).
 *
 * Counters may arrive out of order within the window, each is accepted once, and one older than the window is
 * refused because it cannot be told from a replay. Fixed memory, no allocation per counter.
 */
export class SlidingWindow {
  readonly #words: Uint32Array;
  #highest = 0;

  /** @param sizeBits multiple of 32. Counters up to `sizeBits - 32` behind the highest one are still accepted. */
  constructor(sizeBits: number) {
    if (sizeBits < 2 * WORD_BITS || sizeBits % WORD_BITS !== 0) {
      throw new RangeError(`A sliding window needs a multiple of ${WORD_BITS} bits and at least two words`);
    }
    this.#words = new Uint32Array(sizeBits / WORD_BITS);
  }

  /** True the first time a counter is shown; false when it was seen before or is too old to know. */
  accept(counter: number): boolean {
    const word = Math.floor(counter / WORD_BITS);
    const newestWord = Math.floor(this.#highest / WORD_BITS);
    if (counter > this.#highest) {
      // Words between the old and the new highest hold bits of counters one lap ago.
      const stale = Math.min(word - newestWord, this.#words.length);
      for (let step = 1; step <= stale; step += 1) this.#words[(newestWord + step) % this.#words.length] = 0;
      this.#highest = counter;
    } else if (newestWord - word >= this.#words.length) {
      return false;
    }
    const index = word % this.#words.length;
    const bit = 1 << (counter % WORD_BITS);
    const bits = this.#words[index] ?? 0;
    if ((bits & bit) !== 0) return false;
    this.#words[index] = bits | bit;
    return true;
  }
}
