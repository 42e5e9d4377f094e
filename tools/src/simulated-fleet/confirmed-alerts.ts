const FIRST_WAIT_MS = 2_000;
const LONGEST_WAIT_MS = 60_000;

/**
 * Sends each alert again, under the same message id and with growing pauses, until the platform confirms that it is
 * stored. Nothing less ends it: the broker's own acknowledgement does not survive the broker.
 */
export class ConfirmedAlerts {
  private readonly waiting = new Map<string, NodeJS.Timeout>();

  constructor(
    private readonly on: { confirmed: (messageId: string) => void; resent: (messageId: string) => void },
    private readonly firstWaitMs = FIRST_WAIT_MS,
  ) {}

  get waitingCount(): number {
    return this.waiting.size;
  }

  /** Calls `publish` now, and again until `confirm` is called for this message id. */
  send(messageId: string, publish: () => void): void {
    publish();
    this.waitFor(messageId, publish, this.firstWaitMs);
  }

  /** Call when the acknowledgement arrives; a second one for the same message is ignored. */
  confirm(messageId: string): void {
    const timer = this.waiting.get(messageId);
    if (timer === undefined) return;
    clearTimeout(timer);
    this.waiting.delete(messageId);
    this.on.confirmed(messageId);
  }

  stop(): void {
    for (const timer of this.waiting.values()) clearTimeout(timer);
    this.waiting.clear();
  }

  private waitFor(messageId: string, publish: () => void, waitMs: number): void {
    const timer = setTimeout(() => {
      publish();
      this.on.resent(messageId);
      this.waitFor(messageId, publish, Math.min(LONGEST_WAIT_MS, waitMs * 2));
    }, waitMs);
    this.waiting.set(messageId, timer);
  }
}
