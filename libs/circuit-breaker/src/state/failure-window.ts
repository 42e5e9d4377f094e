/** Decides when a circuit opens; what opening means is the circuit's business. */
export interface OpeningRule {
  /** Takes in one failure. True when the circuit should open. */
  failed(atMs: number): boolean;
  /** Ages of the failures that count, in milliseconds. */
  agesMs(nowMs: number): number[];
  clear(): void;
}

/** So many failures within a sliding window. */
export class FailureWindow implements OpeningRule {
  private readonly threshold: number;
  private readonly windowMs: number;
  private times: number[] = [];

  constructor(threshold: number, windowMs: number) {
    this.threshold = threshold;
    this.windowMs = windowMs;
  }

  failed(atMs: number): boolean {
    // Never more than the threshold: older ones cannot make a difference.
    this.times = [...this.within(atMs), atMs].slice(-this.threshold);
    return this.times.length >= this.threshold;
  }

  agesMs(nowMs: number): number[] {
    return this.within(nowMs).map((time) => nowMs - time);
  }

  clear(): void {
    this.times = [];
  }

  private within(nowMs: number): number[] {
    return this.times.filter((time) => time > nowMs - this.windowMs);
  }
}
