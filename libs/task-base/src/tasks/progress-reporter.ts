/** How far a run is. */
export interface ProgressStep {
  /** 0..100. */
  readonly percent: number;
  readonly message: string;
}

/** A person sees no difference between this and every step, and Redis is asked twice a second at most. */
const INTERVAL_MS = 500;

/**
 * Tells how far a run is, without slowing it down: the first step at once, from then on the newest one at most every half
 * second; steps in between are skipped. A step that could not be told is not missed: the next one says more.
 */
export class ProgressReporter {
  private newest: ProgressStep | undefined;
  private telling: Promise<void> | undefined;
  private endPause = (): void => undefined;
  private isClosed = false;
  private readonly tell: (step: ProgressStep) => Promise<unknown>;

  constructor(tell: (step: ProgressStep) => Promise<unknown>) {
    this.tell = tell;
  }

  /** Returns at once; never throws. */
  report(step: ProgressStep): void {
    if (this.isClosed) return;
    this.newest = step;
    this.telling ??= this.tellNewest();
  }

  /** Resolves when the last step has been told; later ones are ignored, so that no dead run speaks for its successor. */
  async close(): Promise<void> {
    this.isClosed = true;
    this.endPause();
    await this.telling;
  }

  private async tellNewest(): Promise<void> {
    while (this.newest !== undefined) {
      const step = this.newest;
      this.newest = undefined;
      await this.tell(step).catch(() => undefined);
      if (!this.isClosed) await this.pause();
    }
    this.telling = undefined;
  }

  private pause(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, INTERVAL_MS);
      this.endPause = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
