export interface IntakeValveOptions {
  /** Whether no more messages may be taken for now. */
  readonly isFull: () => boolean;
  /** Shows the broker that this process lives, although it reads nothing. */
  readonly keepAlive: () => void;
  /** How often to do so. */
  readonly keepAliveMs: number;
}

/**
 * Stops reading from the broker while memory is full, by not asking the MQTT client for its next packet; TCP then holds the
 * broker back. MQTT's own limit, the receive maximum, would do that more politely, but Mosquitto 2.0 sends far more once
 * acknowledgements have come in.
 *
 * Nothing is read meanwhile, the broker's ping responses included, so the valve keeps the connection alive itself.
 */
export class IntakeValve {
  private readonly options: IntakeValveOptions;
  private askForNext: (() => void) | undefined;
  private keepAliveTimer: NodeJS.Timeout | undefined;

  constructor(options: IntakeValveOptions) {
    this.options = options;
  }

  /** Asks for the next packet, now or when there is room. One packet is asked for at a time. */
  next(ask: () => void): void {
    if (!this.options.isFull()) {
      ask();
      return;
    }
    this.askForNext = ask;
    this.keepAliveTimer ??= setInterval(this.options.keepAlive, this.options.keepAliveMs);
  }

  /** There may be room again. */
  update(): void {
    if (this.askForNext !== undefined && !this.options.isFull()) this.reset();
  }

  /** Opens whatever the room: the connection has ended, and a packet of it changes nothing any more. */
  reset(): void {
    clearInterval(this.keepAliveTimer);
    this.keepAliveTimer = undefined;
    const ask = this.askForNext;
    this.askForNext = undefined;
    ask?.();
  }
}
