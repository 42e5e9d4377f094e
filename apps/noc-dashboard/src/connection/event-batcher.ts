/**
 * Hands items on in batches: the first at once, the rest at most every `intervalMs`, so a storm of events renders a
 * few times per second and a single alert is never kept waiting. A hidden tab, whose timers the browser slows down,
 * still hands on at once when the last batch is old enough.
 */
export class EventBatcher<T> {
  private waiting: T[] = [];
  private timer: ReturnType<typeof setTimeout> | null = null;
  private lastFlushMs = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly handOn: (items: readonly T[]) => void,
    private readonly intervalMs: number,
    private readonly nowMs: () => number = () => performance.now(),
  ) {}

  add(item: T): void {
    this.waiting.push(item);
    const dueInMs = this.lastFlushMs + this.intervalMs - this.nowMs();
    if (dueInMs <= 0) this.flush();
    else this.timer ??= setTimeout(() => this.flush(), dueInMs);
  }

  /** Hands on what is waiting, now. */
  flush(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
    if (this.waiting.length === 0) return;
    const items = this.waiting;
    this.waiting = [];
    this.lastFlushMs = this.nowMs();
    this.handOn(items);
  }
}
