/**
 * How long a job waits for one that was handed out before it and has not started. They start within a round trip of each other; only
 * a job that never starts, because the worker lost it on the way, takes longer.
 */
const MISSING_AFTER_MS = 100;

/**
 * Starts jobs in the order Redis handed them out. BullMQ fetches a job on two ways, with the end of another one and by asking, and the
 * first way is longer: of two neighbours the second can overtake.
 */
export class StartOrder {
  private readonly places = new Map<string, number>();
  private readonly early = new Map<number, () => void>();
  private lastPlace = 0;
  private nextPlace = 1;
  private missing: NodeJS.Timeout | undefined;

  /** To be called for each job the moment its hand-out is known, in the order of the hand-outs. */
  handedOut(jobId: string): void {
    this.lastPlace += 1;
    this.places.set(jobId, this.lastPlace);
  }

  /** Calls `start` when it is the job's turn, and at once for a job nobody announced. Settles as `start` does. */
  inTurn<T>(jobId: string, start: () => Promise<T>): Promise<T> {
    const place = this.places.get(jobId);
    this.places.delete(jobId);
    if (place === undefined || place < this.nextPlace) return start();
    return new Promise((resolve, reject) => {
      // Started by a plain call: promises of several jobs whose turn has come would not keep their order.
      this.early.set(place, () => void start().then(resolve, reject));
      this.startTurns();
    });
  }

  private startTurns(): void {
    clearTimeout(this.missing);
    for (
      let start = this.early.get(this.nextPlace);
      start !== undefined;
      start = this.early.get(this.nextPlace)
    ) {
      this.early.delete(this.nextPlace);
      this.nextPlace += 1;
      start();
    }
    if (this.early.size > 0) this.missing = setTimeout(() => this.skipMissing(), MISSING_AFTER_MS);
  }

  private skipMissing(): void {
    this.nextPlace = Math.min(...this.early.keys());
    this.startTurns();
  }
}
