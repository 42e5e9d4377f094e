/** Complaints of one process shown within one window; in a fault each job in flight would have one of its own. */
const SHOWN_PER_WINDOW = 5;
const WINDOW_MS = 10_000;

/** Keeps the terminal readable when a process complains a lot: shows the first few, then says how many came after. */
export class ComplaintLimit {
  private readonly windows = new Map<string, { endsAt: number; shown: number; heldBack: number }>();

  constructor(
    private readonly show: (source: string, text: string) => void,
    private readonly nowMs: () => number = Date.now,
  ) {}

  /** True when this complaint is to be shown. */
  admit(source: string): boolean {
    const now = this.nowMs();
    let window = this.windows.get(source);
    if (window === undefined || now >= window.endsAt) {
      if (window !== undefined && window.heldBack > 0) {
        this.show(source, `... and ${window.heldBack} more, see .data/logs/${source}.log`);
      }
      window = { endsAt: now + WINDOW_MS, shown: 0, heldBack: 0 };
      this.windows.set(source, window);
    }
    if (window.shown >= SHOWN_PER_WINDOW) {
      window.heldBack += 1;
      return false;
    }
    window.shown += 1;
    return true;
  }
}
