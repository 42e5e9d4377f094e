/**
 * The messages of one connection within the last `windowMs`, exactly: at most `limit` in any stretch of that length.
 * Memory is one number per allowed message.
 */
export class MessageWindow {
  private readonly acceptedAt: number[] = [];
  private refused = 0;

  constructor(
    private readonly limit: number,
    private readonly windowMs: number,
  ) {}

  /** Counts a message in when there is room; else says how long until there is. A refused message takes no room. */
  take(nowMs: number): { allowed: true } | { allowed: false; retryAfterMs: number } {
    const [oldestMs] = this.acceptedAt;
    if (oldestMs !== undefined && this.acceptedAt.length >= this.limit && oldestMs > nowMs - this.windowMs) {
      this.refused += 1;
      return { allowed: false, retryAfterMs: oldestMs + this.windowMs - nowMs };
    }
    // At most `limit` are remembered, so when there is room only because the oldest is old enough, it makes room.
    if (this.acceptedAt.length >= this.limit) this.acceptedAt.shift();
    this.acceptedAt.push(nowMs);
    this.refused = 0;
    return { allowed: true };
  }

  /** Messages refused since the last accepted one. */
  get refusedInARow(): number {
    return this.refused;
  }
}
