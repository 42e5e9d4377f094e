/** Latencies of one run, in milliseconds. */
export interface LatencySummary {
  readonly count: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

/**
 * Pairs what was sent with what was shown, by id, on one monotonic clock.
 * A second sighting of an id is counted as a duplicate and never measured.
 */
export class LatencyRecorder {
  readonly #sentAt = new Map<string, number>();
  readonly #shownAt = new Map<string, number>();
  #duplicates = 0;
  #strangers = 0;
  #firstSentAt = Number.POSITIVE_INFINITY;
  #lastShownAt = 0;

  sent(id: string): void {
    const now = performance.now();
    this.#sentAt.set(id, now);
    this.#firstSentAt = Math.min(this.#firstSentAt, now);
  }

  shown(id: string): void {
    const sentAt = this.#sentAt.get(id);
    if (sentAt === undefined) {
      this.#strangers += 1;
      return;
    }
    if (this.#shownAt.has(id)) {
      this.#duplicates += 1;
      return;
    }
    const now = performance.now();
    this.#shownAt.set(id, now);
    this.#lastShownAt = now;
  }

  get sentCount(): number {
    return this.#sentAt.size;
  }

  get shownCount(): number {
    return this.#shownAt.size;
  }

  get duplicates(): number {
    return this.#duplicates;
  }

  /** Shown ids that this run never sent, such as the tail of an earlier run. */
  get strangers(): number {
    return this.#strangers;
  }

  /** From the first send to the last first-sighting. */
  get spanMs(): number {
    return this.#lastShownAt - this.#firstSentAt;
  }

  /** From send to first sighting. */
  summary(): LatencySummary {
    return this.#summary((id) => this.#shownAt.get(id));
  }

  /**
   * From send to when it was shown and something else had happened to it, too.
   *
   * @param otherAt when that was, by the wall clock of this machine; an id that is missing makes the figures NaN
   */
  summaryWith(otherAt: ReadonlyMap<string, number>): LatencySummary {
    return this.#summary((id) =>
      Math.max(this.#shownAt.get(id) ?? Number.NaN, (otherAt.get(id) ?? Number.NaN) - performance.timeOrigin),
    );
  }

  #summary(endOf: (id: string) => number | undefined): LatencySummary {
    const latencies: number[] = [];
    for (const [id, sentAt] of this.#sentAt) {
      const end = endOf(id);
      if (end !== undefined) latencies.push(end - sentAt);
    }
    return summarise(latencies);
  }
}

export function summarise(latenciesMs: readonly number[]): LatencySummary {
  const sorted = latenciesMs.toSorted((left, right) => left - right);
  const at = (quantile: number): number =>
    round(sorted[Math.min(sorted.length - 1, Math.floor(quantile * sorted.length))] ?? Number.NaN);
  return { count: sorted.length, p50Ms: at(0.5), p95Ms: at(0.95), p99Ms: at(0.99), maxMs: at(1) };
}

export function round(value: number): number {
  return Math.round(value * 1000) / 1000;
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((left, right) => left - right);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
