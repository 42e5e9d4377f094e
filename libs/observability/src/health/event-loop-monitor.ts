import { monitorEventLoopDelay, type IntervalHistogram } from 'node:perf_hooks';

export interface EventLoopReport {
  readonly live: boolean;
  /** The longest time the loop was blocked in the current and the previous window, in milliseconds. */
  readonly maxLagMs: number;
}

const SAMPLE_EVERY_MS = 20;
const NANOSECONDS_PER_MS = 1e6;

/**
 * Watches how long the event loop is blocked. A process is alive unless its loop hung for longer than `stuckAfterMs`
 * (default 5000) within about the last `windowMs` (default 10 000). Dependencies play no part, so an outage of
 * Redis or the broker never makes an orchestrator restart the fleet.
 */
export class EventLoopMonitor {
  readonly #stuckAfterMs: number;
  readonly #delays: IntervalHistogram;
  readonly #rotation: NodeJS.Timeout;
  #previousMaxMs = 0;

  constructor(options: { stuckAfterMs?: number; windowMs?: number } = {}) {
    this.#stuckAfterMs = options.stuckAfterMs ?? 5_000;
    this.#delays = monitorEventLoopDelay({ resolution: SAMPLE_EVERY_MS });
    this.#delays.enable();
    this.#rotation = setInterval(() => this.#rotate(), options.windowMs ?? 10_000).unref();
  }

  report(): EventLoopReport {
    const maxLagMs = Math.max(this.#previousMaxMs, this.#currentMaxMs());
    return { live: maxLagMs <= this.#stuckAfterMs, maxLagMs: Math.round(maxLagMs) };
  }

  /** Ends the measurement and releases its timers. */
  stop(): void {
    clearInterval(this.#rotation);
    this.#delays.disable();
  }

  #rotate(): void {
    this.#previousMaxMs = this.#currentMaxMs();
    this.#delays.reset();
  }

  #currentMaxMs(): number {
    return this.#delays.count === 0 ? 0 : this.#delays.max / NANOSECONDS_PER_MS;
  }
}
