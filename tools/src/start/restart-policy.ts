const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 15_000;
/** Whoever has lived this long is healthy again, and its next fall counts as the first. */
const HEALTHY_AFTER_MS = 30_000;

/** How long to wait before something that keeps falling over is started again: each time twice as long. */
export class RestartPolicy {
  private pauseMs = FIRST_PAUSE_MS;
  private startedAt: number;
  private readonly nowMs: () => number;

  constructor(nowMs: () => number = Date.now) {
    this.nowMs = nowMs;
    this.startedAt = nowMs();
  }

  started(): void {
    this.startedAt = this.nowMs();
  }

  /** Call when it has ended; returns the milliseconds to wait. */
  nextPauseMs(): number {
    if (this.nowMs() - this.startedAt >= HEALTHY_AFTER_MS) this.pauseMs = FIRST_PAUSE_MS;
    const pause = this.pauseMs;
    this.pauseMs = Math.min(LONGEST_PAUSE_MS, this.pauseMs * 2);
    return pause;
  }
}
