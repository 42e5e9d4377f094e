/**
 * The last resort when a job that was handed out never comes to its start and nobody said so. On its way it may need a round trip to
 * Redis, or the processor, for as long as others have them: no time below this tells "lost" from "slow".
 */
const LOST_AFTER_MS = 5_000;

/**
 * Starts jobs in the order Redis handed them out. BullMQ fetches a job on two ways, with the end of another one and by asking, and the
 * first way is longer: of two neighbours the second can overtake.
 */
export class StartOrder {
  private readonly places = new Map<string, number>();
  private readonly early = new Map<number, () => void>();
  private lastPlace = 0;
  private nextPlace = 1;
  private lost: NodeJS.Timeout | undefined;

  /** To be called for each job the moment its hand-out is known, in the order of the hand-outs. */
  handedOut(jobId: string): void {
    this.passOver(jobId);
    this.lastPlace += 1;
    this.places.set(jobId, this.lastPlace);
  }

  /** The job does not start for now, and nobody is to wait for it. When it does start, it starts at once. */
  passOver(jobId: string): void {
    const place = this.takePlace(jobId);
    if (place !== undefined) this.comeTo(place, () => undefined);
  }

  /** Calls `start` when it is the job's turn, and at once for a job nobody announced. Settles as `start` does. */
  inTurn<T>(jobId: string, start: () => Promise<T>): Promise<T> {
    const place = this.takePlace(jobId);
    if (place === undefined) return start();
    // Nearly every job comes when it is its turn, and nobody has come early.
    if (place === this.nextPlace && this.early.size === 0) {
      this.nextPlace += 1;
      return start();
    }
    return new Promise((resolve, reject) => {
      // Started by a plain call: promises of several jobs whose turn has come would not keep their order.
      this.comeTo(place, () => void start().then(resolve, reject));
    });
  }

  /** The place of a job that still has one, and that the others have not given up waiting for. */
  private takePlace(jobId: string): number | undefined {
    const place = this.places.get(jobId);
    if (place === undefined) return undefined;
    this.places.delete(jobId);
    return place < this.nextPlace ? undefined : place;
  }

  private comeTo(place: number, start: () => void): void {
    this.early.set(place, start);
    this.startTurns();
  }

  private startTurns(): void {
    clearTimeout(this.lost);
    for (
      let start = this.early.get(this.nextPlace);
      start !== undefined;
      start = this.early.get(this.nextPlace)
    ) {
      this.early.delete(this.nextPlace);
      this.nextPlace += 1;
      start();
    }
    if (this.early.size > 0) this.lost = setTimeout(() => this.skipLost(), LOST_AFTER_MS);
  }

  private skipLost(): void {
    this.nextPlace = Math.min(...this.early.keys());
    this.startTurns();
  }
}
