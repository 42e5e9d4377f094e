export interface AllowanceOptions {
  /** How many a source may have at once after a quiet time. */
  readonly burst: number;
  /** How long it takes until one more is allowed. */
  readonly refillMs: number;
  /** Sources remembered; the one heard of least recently is forgotten first. Default 10 000. */
  readonly maxSources?: number;
  readonly now?: () => number;
}

interface Bucket {
  tokens: number;
  at: number;
  heldBack: number;
}

const DEFAULT_MAX_SOURCES = 10_000;

/** A bounded rate per source, so that one noisy device cannot use up what all the others need too. */
export class SourceAllowance {
  private readonly buckets = new Map<string, Bucket>();
  private readonly burst: number;
  private readonly refillMs: number;
  private readonly maxSources: number;
  private readonly now: () => number;

  constructor(options: AllowanceOptions) {
    this.burst = options.burst;
    this.refillMs = options.refillMs;
    this.maxSources = options.maxSources ?? DEFAULT_MAX_SOURCES;
    this.now = options.now ?? (() => performance.now());
  }

  /** How many were held back for this source since the last one allowed; null when this one is held back too. */
  take(source: string): number | null {
    const bucket = this.refilled(source);
    if (bucket.tokens < 1) {
      bucket.heldBack += 1;
      return null;
    }
    bucket.tokens -= 1;
    const { heldBack } = bucket;
    bucket.heldBack = 0;
    return heldBack;
  }

  private refilled(source: string): Bucket {
    const now = this.now();
    const known = this.buckets.get(source);
    this.buckets.delete(source);
    const bucket = known ?? { tokens: this.burst, at: now, heldBack: 0 };
    bucket.tokens = Math.min(this.burst, bucket.tokens + (now - bucket.at) / this.refillMs);
    bucket.at = now;
    // A Map keeps the order of insertion: the first key is the source heard of least recently.
    this.buckets.set(source, bucket);
    if (this.buckets.size > this.maxSources) {
      const [oldest] = this.buckets.keys();
      if (oldest !== undefined) this.buckets.delete(oldest);
    }
    return bucket;
  }
}
