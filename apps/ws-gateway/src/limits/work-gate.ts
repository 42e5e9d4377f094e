/** Lets a few pieces of expensive work run at once and a few more wait; says no to the rest. */
export class WorkGate {
  private running = 0;
  private readonly waiting: (() => void)[] = [];

  constructor(private readonly limits: { running: number; waiting: number }) {}

  /** Runs `work` when it is its turn. Resolves with `full` when too many wait already. */
  async run<T>(work: () => Promise<T>): Promise<{ done: T } | 'full'> {
    if (this.running >= this.limits.running) {
      if (this.waiting.length >= this.limits.waiting) return 'full';
      await new Promise<void>((resolve) => this.waiting.push(resolve));
    } else {
      this.running += 1;
    }
    try {
      return { done: await work() };
    } finally {
      // The place goes straight to the next in line, so nobody can slip in between.
      const next = this.waiting.shift();
      if (next === undefined) this.running -= 1;
      else next();
    }
  }
}
