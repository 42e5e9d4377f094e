import { CoalescerFullError } from './coalescer.errors.ts';

export interface CoalescerOptions {
  /** Most items one flush gets. */
  readonly maxBatch: number;
  /** Most flushes at the same time. Default 1; with more, batches start in order but may end in any. */
  readonly maxInFlight?: number;
  /** How long an incomplete batch waits for company while a flush could start. Default 0: not at all. */
  readonly maxWaitMs?: number;
  /** Most items waiting for a flush; submit rejects beyond. Default 10 000. */
  readonly maxPending?: number;
}

interface Waiting<I, O> {
  readonly item: I;
  readonly since: number;
  readonly resolve: (result: O) => void;
  readonly reject: (reason: unknown) => void;
}

const DEFAULT_MAX_PENDING = 10_000;

/**
 * Turns many single calls into few batch calls. An idle coalescer passes the first item on at once; what arrives while
 * `maxInFlight` flushes run is collected into the next batches. So a batch grows with the load and waits for nothing.
 *
 * Items reach `flush` in the order they were submitted, each exactly once, at most `maxBatch` together. `flush` must
 * return one result per item, in their order. When it throws, every item of its batch rejects with that error, and no other.
 */
export class Coalescer<I, O> {
  readonly #flush: (items: I[]) => Promise<O[]>;
  readonly #maxBatch: number;
  readonly #maxInFlight: number;
  readonly #maxWaitMs: number;
  readonly #maxPending: number;
  readonly #waiting: Waiting<I, O>[] = [];
  readonly #idleListeners: (() => void)[] = [];
  #itemsInFlight = 0;
  #flushesInFlight = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(flush: (items: I[]) => Promise<O[]>, options: CoalescerOptions) {
    const { maxBatch, maxInFlight = 1, maxWaitMs = 0, maxPending = DEFAULT_MAX_PENDING } = options;
    requireAtLeast(1, { maxBatch, maxInFlight, maxPending });
    requireAtLeast(0, { maxWaitMs });
    this.#flush = flush;
    this.#maxBatch = maxBatch;
    this.#maxInFlight = maxInFlight;
    this.#maxWaitMs = maxWaitMs;
    this.#maxPending = maxPending;
  }

  /** Hands in one item. Settles with its own result, or with the error of its batch. Rejects at once when full. */
  submit(item: I): Promise<O> {
    if (this.#waiting.length >= this.#maxPending)
      return Promise.reject(new CoalescerFullError(this.#maxPending));
    return new Promise((resolve, reject) => {
      this.#waiting.push({ item, since: performance.now(), resolve, reject });
      this.#startFlushes();
    });
  }

  /** Items not settled yet: waiting and in flight. */
  get pending(): number {
    return this.#waiting.length + this.#itemsInFlight;
  }

  /**
   * Resolves as soon as nothing is pending, without waiting for batches to fill. Never rejects: each submitter learns
   * of its own failure. Items submitted meanwhile are worked off too.
   */
  drain(): Promise<void> {
    if (this.pending === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#idleListeners.push(resolve);
      this.#startFlushes();
    });
  }

  get #isDraining(): boolean {
    return this.#idleListeners.length > 0;
  }

  #startFlushes(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    while (this.#waiting.length > 0 && this.#flushesInFlight < this.#maxInFlight) {
      const remainingMs = this.#remainingWaitMs();
      if (remainingMs > 0) {
        this.#timer = setTimeout(() => this.#startFlushes(), remainingMs);
        return;
      }
      void this.#runFlush(this.#waiting.splice(0, this.#maxBatch));
    }
  }

  /** How much longer the first waiting item may wait for company. */
  #remainingWaitMs(): number {
    const [first] = this.#waiting;
    if (!first || this.#maxWaitMs === 0 || this.#isDraining || this.#waiting.length >= this.#maxBatch)
      return 0;
    return Math.ceil(first.since + this.#maxWaitMs - performance.now());
  }

  async #runFlush(batch: readonly Waiting<I, O>[]): Promise<void> {
    this.#flushesInFlight += 1;
    this.#itemsInFlight += batch.length;
    try {
      const results = await this.#flush(batch.map(({ item }) => item));
      requireOnePerItem(results, batch.length);
      results.forEach((result, index) => batch[index]?.resolve(result));
    } catch (error) {
      for (const { reject } of batch) reject(error);
    } finally {
      this.#flushesInFlight -= 1;
      this.#itemsInFlight -= batch.length;
      this.#startFlushes();
      if (this.pending === 0) for (const resolve of this.#idleListeners.splice(0)) resolve();
    }
  }
}

function requireAtLeast(least: number, options: Record<string, number>): void {
  for (const [name, value] of Object.entries(options)) {
    if (!(value >= least)) throw new RangeError(`${name} must be at least ${least}, not ${value}`);
  }
}

function requireOnePerItem(results: readonly unknown[], expected: number): void {
  if (results.length !== expected) {
    throw new Error(
      `The flush returned ${results.length} results for ${expected} items; it must return one for each.`,
    );
  }
}
