import type { RedisWriteBarrier, WriteMark } from '@bus/platform';
import type { Claim, LaneOutcome } from './lane-item.ts';

export interface LaneOptions {
  /** Most messages in one call of `send`. */
  readonly maxMessages: number;
  /** Payload bytes from which a batch is complete. */
  readonly maxBytes: number;
  /** How long an incomplete batch waits for company. 0: it never waits. */
  readonly maxWaitMs: number;
  /** Calls of `send` at the same time; with 1 the order of the messages is kept whatever fails. */
  readonly maxInFlight: number;
}

/** Hands messages on; answers for each whether it was there before. May be called again with the same messages. */
export type LaneSender<T> = (items: readonly T[]) => Promise<readonly boolean[]>;

/** Tells when what was sent will survive a Redis that is killed. Rejects when it may not have; then it is sent again. */
export type LaneBarrier = Pick<RedisWriteBarrier, 'mark' | 'passed'>;

interface Waiting<T> {
  readonly item: T;
  readonly bytes: number;
  readonly claim: Claim;
  readonly since: number;
  readonly settle: (outcome: LaneOutcome) => void;
  /** What the first confirmation said: when it is sent again, what is there is its own. */
  wasThere?: boolean;
}

interface Batch<T> {
  /** Batches are numbered in the order of their messages. */
  readonly number: number;
  readonly items: readonly Waiting<T>[];
}

const FIRST_RETRY_MS = 50;
const MAX_RETRY_MS = 1_000;

const ABANDONED: LaneOutcome = { kind: 'abandoned' };

/**
 * Collects messages into batches and does not let go of one until it is enqueued and Redis has certainly kept it, however long that
 * takes: a batch that failed, or that Redis may have lost, is sent again, with growing pauses up to a second, for as
 * long as its messages are held. The next batch does not wait for Redis to keep the one before, but what is sent again
 * goes first, so the order stays. How much there can be is bounded by whoever hands messages in.
 */
export class EnqueueLane<T> {
  readonly name: string;
  private readonly send: LaneSender<T>;
  private readonly barrier: LaneBarrier;
  private readonly options: LaneOptions;
  private readonly waiting: Waiting<T>[] = [];
  /** Batches to be sent again, in the order of their numbers. */
  private readonly again: Batch<T>[] = [];
  private readonly idleListeners: (() => void)[] = [];
  private waitingBytes = 0;
  private batchCount = 0;
  private inFlight = 0;
  private unconfirmed = 0;
  private isDraining = false;
  private isStopped = false;
  private timer: NodeJS.Timeout | undefined;
  private failure: Error | undefined;
  private failuresInARow = 0;
  private pausedUntil = 0;

  constructor(name: string, send: LaneSender<T>, barrier: LaneBarrier, options: LaneOptions) {
    this.name = name;
    this.send = send;
    this.barrier = barrier;
    this.options = options;
  }

  /** Why the latest attempt failed; undefined when it succeeded. */
  get currentFailure(): Error | undefined {
    return this.failure;
  }

  /** Hands a message in. Resolves when its fate is known; never rejects. */
  submit(item: T, bytes: number, claim: Claim): Promise<LaneOutcome> {
    return new Promise((settle) => {
      if (this.isStopped) {
        settle(ABANDONED);
        return;
      }
      this.waiting.push({ item, bytes, claim, since: performance.now(), settle });
      this.waitingBytes += bytes;
      this.startBatches();
    });
  }

  /** Resolves when nothing is left; incomplete batches do not wait any more. */
  drain(): Promise<void> {
    this.isDraining = true;
    this.startBatches();
    if (this.isIdle) return Promise.resolve();
    return new Promise((resolve) => this.idleListeners.push(resolve));
  }

  /** Abandons what is left. For the end of the process: the broker still has every message that counts. */
  stop(): void {
    this.isStopped = true;
    clearTimeout(this.timer);
    for (const { items } of this.again.splice(0)) abandon(items);
    abandon(this.waiting.splice(0));
    this.waitingBytes = 0;
  }

  private get isIdle(): boolean {
    return (
      this.waiting.length === 0 && this.again.length === 0 && this.inFlight === 0 && this.unconfirmed === 0
    );
  }

  private startBatches(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    while (this.inFlight < this.options.maxInFlight && this.again.length + this.waiting.length > 0) {
      const remainingMs = this.remainingWaitMs();
      if (remainingMs > 0) {
        this.timer = setTimeout(() => this.startBatches(), remainingMs);
        return;
      }
      const batch = stillHeld(this.again.shift() ?? this.takeBatch());
      if (batch.items.length > 0) void this.deliver(batch);
    }
    if (this.isIdle) for (const resolve of this.idleListeners.splice(0)) resolve();
  }

  private remainingWaitMs(): number {
    const now = performance.now();
    if (now < this.pausedUntil) return Math.ceil(this.pausedUntil - now);
    const { maxMessages, maxBytes, maxWaitMs } = this.options;
    const isComplete = this.waiting.length >= maxMessages || this.waitingBytes >= maxBytes;
    const [oldest] = this.waiting;
    if (oldest === undefined || isComplete || this.isDraining || maxWaitMs === 0) return 0;
    if (this.again.length > 0) return 0;
    return Math.ceil(oldest.since + maxWaitMs - now);
  }

  private takeBatch(): Batch<T> {
    const { maxMessages, maxBytes } = this.options;
    let bytes = 0;
    let count = 0;
    for (const next of this.waiting) {
      if (count === maxMessages || (count > 0 && bytes + next.bytes > maxBytes)) break;
      bytes += next.bytes;
      count += 1;
    }
    this.waitingBytes -= bytes;
    this.batchCount += 1;
    return { number: this.batchCount, items: this.waiting.splice(0, count) };
  }

  private async deliver(batch: Batch<T>): Promise<void> {
    this.inFlight += 1;
    const mark = this.barrier.mark();
    try {
      const duplicates = await this.send(batch.items.map(({ item }) => item));
      batch.items.forEach((waiting, index) => (waiting.wasThere ??= duplicates[index] ?? false));
      void this.confirm(batch, mark);
    } catch (error) {
      const failure = toError(error);
      if (isFinal(failure)) this.isolate(batch, failure);
      else this.tryAgain(batch, failure);
    } finally {
      this.inFlight -= 1;
      this.startBatches();
    }
  }

  /** Not waited for by the next batch: while the disk is busy, only the acknowledgements are late. */
  private async confirm(batch: Batch<T>, mark: WriteMark): Promise<void> {
    this.unconfirmed += 1;
    try {
      await this.barrier.passed(mark);
      this.failure = undefined;
      this.failuresInARow = 0;
      for (const { settle, wasThere } of batch.items) {
        settle({ kind: 'enqueued', duplicate: wasThere ?? false });
      }
    } catch (error) {
      this.tryAgain(batch, toError(error));
    } finally {
      this.unconfirmed -= 1;
      this.startBatches();
    }
  }

  private tryAgain(batch: Batch<T>, failure: Error): void {
    this.failure = failure;
    this.sendAgain(batch);
    // Batches that fail together are one failure.
    if (performance.now() < this.pausedUntil) return;
    const ceiling = Math.min(MAX_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(this.failuresInARow, 10));
    this.failuresInARow += 1;
    this.pausedUntil = performance.now() + ceiling / 2 + (Math.random() * ceiling) / 2;
  }

  private sendAgain(batch: Batch<T>): void {
    if (this.isStopped) return abandon(batch.items);
    const next = this.again.findIndex(({ number }) => number > batch.number);
    this.again.splice(next < 0 ? this.again.length : next, 0, batch);
  }

  /** One message that can never be enqueued must not take its neighbours with it. */
  private isolate({ number, items }: Batch<T>, failure: Error): void {
    if (items.length > 1) for (const item of items) this.sendAgain({ number, items: [item] });
    else items[0]?.settle({ kind: 'unusable', reason: failure.message });
  }
}

/** Lets go of the messages that the broker delivers again. */
function stillHeld<T>({ number, items }: Batch<T>): Batch<T> {
  abandon(items.filter(({ claim }) => !claim.isHeld));
  return { number, items: items.filter(({ claim }) => claim.isHeld) };
}

function abandon<T>(items: readonly Waiting<T>[]): void {
  for (const { settle } of items) settle(ABANDONED);
}

function toError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}

/** Errors of the bus say themselves whether trying again can help; of any other that is assumed. */
function isFinal(error: Error): boolean {
  return (error as { isRetryable?: unknown }).isRetryable === false;
}
