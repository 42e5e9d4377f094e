import { Logger } from '@nestjs/common';
import { InvalidBroadcastError } from '../broadcast/envelope-codec.ts';
import { GroupPublisher } from '../broadcast/group-publisher.ts';
import type { ChannelCore } from '../channel-core.ts';
import { ThrottledLog } from '../throttled-log.ts';
import type { BroadcastOutbox, KeptBroadcast } from './broadcast-outbox.ts';

export interface OutboxRelayOptions {
  /** How often the outbox is looked into. @default 1 second */
  readonly intervalMs?: number;
  /** Broadcasts taken at a time. @default 100 */
  readonly batchSize?: number;
}

/**
 * Sends kept broadcasts, oldest first, once Redis takes them again. They carry their event id, so one that had
 * reached Redis after all, or that two relays send, is shown once. Any number of processes may run a relay.
 */
export class OutboxRelay {
  readonly #core: ChannelCore;
  readonly #publisher: GroupPublisher;
  readonly #outbox: BroadcastOutbox;
  readonly #intervalMs: number;
  readonly #batchSize: number;
  readonly #logger = new Logger(OutboxRelay.name);
  readonly #warnings = new ThrottledLog(this.#logger);
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> = Promise.resolve();
  #isStarted = false;

  constructor(core: ChannelCore, outbox: BroadcastOutbox, options: OutboxRelayOptions = {}) {
    this.#core = core;
    this.#publisher = new GroupPublisher(core);
    this.#outbox = outbox;
    this.#intervalMs = options.intervalMs ?? 1_000;
    this.#batchSize = options.batchSize ?? 100;
  }

  start(): void {
    if (this.#isStarted) return;
    this.#isStarted = true;
    this.#schedule(0);
  }

  /** Resolves when the broadcast under way, if any, is done. What is left stays in the outbox. */
  async stop(): Promise<void> {
    this.#isStarted = false;
    clearTimeout(this.#timer);
    await this.#running;
  }

  #schedule(delayMs: number): void {
    this.#timer = setTimeout(() => {
      this.#running = this.#relay().finally(() => {
        if (this.#isStarted) this.#schedule(this.#intervalMs);
      });
    }, delayMs).unref();
  }

  /** Empties the outbox as far as Redis allows. Never rejects. */
  async #relay(): Promise<void> {
    try {
      while (this.#isStarted) {
        const kept = await this.#outbox.take(this.#batchSize);
        const sent = await this.#sendInOrder(kept);
        if (sent.length > 0) await this.#outbox.done(sent);
        if (sent.length < this.#batchSize) return;
      }
    } catch (error) {
      this.#warnings.warn('relay', `The broadcast outbox cannot be relayed: ${String(error)}`);
    }
  }

  /** Ids of those that need not be kept any more. Stops at the first one Redis does not take, to keep the order. */
  async #sendInOrder(kept: readonly KeptBroadcast[]): Promise<string[]> {
    const sent: string[] = [];
    for (const broadcast of kept) {
      if (!this.#isStarted) break;
      try {
        await this.#publisher.publish(broadcast);
        this.#core.metrics.outboxSent();
      } catch (error) {
        if (!(error instanceof InvalidBroadcastError)) {
          this.#warnings.warn('send', `Kept broadcasts wait for Redis: ${String(error)}`);
          break;
        }
        this.#logger.error(`A kept broadcast can never be sent and is dropped: ${error.message}`);
      }
      sent.push(broadcast.id);
    }
    return sent;
  }
}
