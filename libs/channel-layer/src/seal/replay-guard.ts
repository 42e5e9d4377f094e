import { CLOCK_LEEWAY_MS, MAX_AGE_MS } from './clock-tolerance.ts';
import { SlidingWindow } from './sliding-window.ts';

export interface ReplayGuardOptions {
  /** How long after sealing a live frame is taken. @default 1 minute */
  readonly maxAgeMs?: number;
  /** By how much clocks of two machines may differ, either way. @default 10 minutes */
  readonly clockLeewayMs?: number;
  /** Counters remembered per sender. @default 8192 (one kilobyte): two seconds of disorder at 4,000 frames/s */
  readonly windowBits?: number;
  /** Senders remembered. @default 4096 */
  readonly maxSenders?: number;
}

interface Sender {
  readonly window: SlidingWindow;
  newestSealedAt: number;
}

/** Sealing and receiving process read different clocks even on one machine. */
const START_TOLERANCE_MS = 1_000;

/**
 * Decides for authentic live frames whether they are new.
 *
 * Per sender a sliding window over its counter, and for all a maximum age, so that the windows may be forgotten
 * after a while. Frames sealed before this guard existed are refused: it cannot know whether an earlier process
 * took them. Memory is bounded; when senders must be forgotten early, what they sealed until then is refused.
 */
export class ReplayGuard {
  readonly #maxAgeMs: number;
  readonly #clockLeewayMs: number;
  readonly #windowBits: number;
  readonly #maxSenders: number;
  readonly #senders = new Map<string, Sender>();
  readonly #now: () => number;
  /** Frames of unknown senders sealed before this moment may be replays. */
  #unknownBefore: number;

  constructor(options: ReplayGuardOptions = {}, now: () => number = Date.now) {
    this.#maxAgeMs = options.maxAgeMs ?? MAX_AGE_MS;
    this.#clockLeewayMs = options.clockLeewayMs ?? CLOCK_LEEWAY_MS;
    this.#windowBits = options.windowBits ?? 8_192;
    this.#maxSenders = options.maxSenders ?? 4_096;
    this.#now = now;
    this.#unknownBefore = now() - START_TOLERANCE_MS;
  }

  /** `sender` must come from an authenticated frame; otherwise anyone could fill the table. */
  check(sender: string, counter: number, sealedAt: number): 'new' | 'replayed' | 'stale' {
    const now = this.#now();
    if (sealedAt < now - this.#maxAgeMs - this.#clockLeewayMs || sealedAt > now + this.#clockLeewayMs) {
      return 'stale';
    }
    let known = this.#senders.get(sender);
    if (known === undefined) {
      if (sealedAt < this.#unknownBefore) return 'replayed';
      known = this.#remember(sender, now);
    }
    known.newestSealedAt = Math.max(known.newestSealedAt, sealedAt);
    return known.window.accept(counter) ? 'new' : 'replayed';
  }

  #remember(sender: string, now: number): Sender {
    if (this.#senders.size >= this.#maxSenders) this.#forget(now);
    const created = { window: new SlidingWindow(this.#windowBits), newestSealedAt: 0 };
    this.#senders.set(sender, created);
    return created;
  }

  #forget(now: number): void {
    const tooOldToReplay = now - this.#maxAgeMs - this.#clockLeewayMs;
    let oldest: [string, Sender] | undefined;
    for (const entry of this.#senders) {
      if (entry[1].newestSealedAt < tooOldToReplay) this.#senders.delete(entry[0]);
      else if (oldest === undefined || entry[1].newestSealedAt < oldest[1].newestSealedAt) oldest = entry;
    }
    if (this.#senders.size < this.#maxSenders || oldest === undefined) return;
    this.#senders.delete(oldest[0]);
    this.#unknownBefore = Math.max(this.#unknownBefore, oldest[1].newestSealedAt + 1);
  }
}
