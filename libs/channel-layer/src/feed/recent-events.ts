/** As many as a history keeps by default. */
const MAX_RECENT = 1_000;

/** The events a feed delivered last: which one at which offset. Bounded; the oldest are forgotten first. */
export class RecentEvents {
  readonly #identities = new Map<number, number>();
  readonly #offsets = new Map<number, number>();

  add(offset: number, identity: number): void {
    this.#identities.set(offset, identity);
    this.#offsets.set(identity, offset);
    if (this.#identities.size <= MAX_RECENT) return;
    const [oldest] = this.#identities;
    if (oldest === undefined) return;
    this.#identities.delete(oldest[0]);
    this.#offsets.delete(oldest[1]);
  }

  /** The event delivered at an offset, or undefined when there was none, or long ago. */
  identityAt(offset: number): number | undefined {
    return this.#identities.get(offset);
  }

  /** Whether an event was delivered at an offset other than this. */
  isElsewhere(identity: number, offset: number): boolean {
    const known = this.#offsets.get(identity);
    return known !== undefined && known !== offset;
  }

  clear(): void {
    this.#identities.clear();
    this.#offsets.clear();
  }
}
