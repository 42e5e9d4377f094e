/** A map that forgets what is old, and the least recently used when it is full. */
export class ExpiringCache<K, V> {
  readonly #entries = new Map<K, { value: V; staleAtMs: number }>();

  constructor(
    private readonly limits: { freshMs: number; maxEntries: number },
    private readonly nowMs: () => number = () => performance.now(),
  ) {}

  get size(): number {
    return this.#entries.size;
  }

  /** The value, or undefined when it was never set, was forgotten, or is older than `freshMs`. */
  get(key: K): V | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    this.#entries.delete(key);
    if (entry.staleAtMs <= this.nowMs()) return undefined;
    // A Map keeps the order of insertion: putting it back makes it the most recently used.
    this.#entries.set(key, entry);
    return entry.value;
  }

  set(key: K, value: V): void {
    this.#entries.delete(key);
    this.#entries.set(key, { value, staleAtMs: this.nowMs() + this.limits.freshMs });
    if (this.#entries.size > this.limits.maxEntries) {
      const [oldest] = this.#entries.keys();
      if (oldest !== undefined) this.#entries.delete(oldest);
    }
  }

  /** Deletes the key only while it still holds this very value. */
  deleteIfSame(key: K, value: V): void {
    if (this.#entries.get(key)?.value === value) this.#entries.delete(key);
  }

  clear(): void {
    this.#entries.clear();
  }
}
