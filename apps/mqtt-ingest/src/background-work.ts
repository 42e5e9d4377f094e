/**
 * Work nobody waits for, bounded: at most `concurrency` at a time and `maxWaiting` behind them. So a slow database or broker never
 * holds up the messages on their way to the queues.
 */
export class BackgroundWork {
  private readonly waiting: (() => Promise<void>)[] = [];
  private readonly idleListeners: (() => void)[] = [];
  private running = 0;

  constructor(
    private readonly concurrency: number,
    private readonly maxWaiting: number,
  ) {}

  /** Whether `start` would take more. */
  get hasRoom(): boolean {
    return this.running < this.concurrency || this.waiting.length < this.maxWaiting;
  }

  /** Starts the work when there is room. False: there is none, and the work will not be done. `work` must not reject. */
  start(work: () => Promise<void>): boolean {
    if (!this.hasRoom) return false;
    this.waiting.push(work);
    this.next();
    return true;
  }

  /** Resolves when nothing is left, or after `timeoutMs`. */
  drain(timeoutMs: number): Promise<void> {
    if (this.running === 0 && this.waiting.length === 0) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, timeoutMs);
      this.idleListeners.push(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  private next(): void {
    while (this.running < this.concurrency) {
      const work = this.waiting.shift();
      if (work === undefined) break;
      this.running += 1;
      void work().finally(() => {
        this.running -= 1;
        this.next();
        if (this.running === 0 && this.waiting.length === 0) {
          for (const resolve of this.idleListeners.splice(0)) resolve();
        }
      });
    }
  }
}
