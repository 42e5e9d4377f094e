import { Logger } from '@nestjs/common';
import { Cluster, type Redis } from 'ioredis';
import type { RedisConnection } from './redis-connections.ts';
import { readAofState, type AofState } from './aof-state.ts';

/** A moment before a write, to ask later whether that write survived; undefined when there was no connection. */
export type WriteMark = number | undefined;

export interface RedisWriteBarrierOptions {
  /**
   * Pause before the first look. What the write has set in motion goes first: a question at once would compete with it for
   * Redis, and shared by more callers it costs less. @default 5
   */
  readonly firstLookAfterMs?: number;
  /** Pause between two looks while Redis has not written yet. @default 20 */
  readonly pollMs?: number;
  /** How long Redis may take before `passed` rejects; its disk is broken then rather than busy. @default 10 000 */
  readonly giveUpAfterMs?: number;
}

/** It is unknown whether Redis still has what it confirmed: write it again. */
export class RedisWriteUnconfirmedError extends Error {
  override readonly name = 'RedisWriteUnconfirmedError';
}

interface Waiter {
  readonly since: number;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
  /** How far the file must have grown; undefined until Redis was asked the first time. */
  target: { readonly baseSize: number; readonly size: number } | undefined;
}

const LOST = 'the connection to Redis was lost before it had certainly written its append-only file';
const NO_CONNECTION = 'there was no connection to ask Redis whether it has written its append-only file';

/**
 * Tells when what Redis has confirmed would survive a SIGKILL of Redis. With `appendfsync everysec` it confirms a write before the
 * append-only file has it whenever the disk is busy, and takes up to 2 s to catch up; killed in between, it loses what
 * it confirmed.
 *
 * Promise: call `mark()`, write, and once the write is confirmed call `passed(mark)`. It resolves after Redis has handed
 * everything confirmed before the call to the operating system. A crash of the whole machine can still take the last second,
 * as `everysec` means. It rejects with RedisWriteUnconfirmedError when the connection was lost since the mark, so that
 * another process may answer now, or when Redis does not say or does not write in time. Any number of callers share one
 * question, one question is asked at a time, and none while nobody waits.
 *
 * Where there is nothing to wait for, it resolves at once and a warning is logged, once per reason: the append-only file is
 * switched off, or the user may not run INFO. Clusters are not asked either; there a confirmation is all there is.
 */
export class RedisWriteBarrier {
  readonly #logger = new Logger(RedisWriteBarrier.name);
  readonly #connection: RedisConnection;
  readonly #firstLookAfterMs: number;
  readonly #pollMs: number;
  readonly #giveUpAfterMs: number;
  readonly #waiting = new Set<Waiter>();
  readonly #warned = new Set<string>();
  #connectionNumber = 0;
  #isAsking = false;

  /** `connection` must not send commands again by itself after it was lost: make it for the purpose `producer`. */
  constructor(connection: RedisConnection, options: RedisWriteBarrierOptions = {}) {
    this.#connection = connection;
    this.#firstLookAfterMs = options.firstLookAfterMs ?? 5;
    this.#pollMs = options.pollMs ?? 20;
    this.#giveUpAfterMs = options.giveUpAfterMs ?? 10_000;
    connection.on('close', () => {
      this.#connectionNumber += 1;
      this.#rejectAll([...this.#waiting], LOST);
    });
  }

  /** To be called before the write. */
  mark(): WriteMark {
    const canTell = this.#connection instanceof Cluster || this.#connection.status === 'ready';
    return canTell ? this.#connectionNumber : undefined;
  }

  /** To be called once the write is confirmed; see the class. */
  passed(mark: WriteMark): Promise<void> {
    const connection = this.#connection;
    if (connection instanceof Cluster) {
      this.#warnOnce('a cluster is not asked');
      return Promise.resolve();
    }
    if (mark === undefined) return Promise.reject(new RedisWriteUnconfirmedError(NO_CONNECTION));
    if (mark !== this.#connectionNumber) return Promise.reject(new RedisWriteUnconfirmedError(LOST));
    return new Promise((resolve, reject) => {
      this.#waiting.add({ since: performance.now(), resolve, reject, target: undefined });
      if (!this.#isAsking) void this.#askUntilAllPassed(connection);
    });
  }

  async #askUntilAllPassed(connection: Redis): Promise<void> {
    this.#isAsking = true;
    if (this.#firstLookAfterMs > 0) await pause(this.#firstLookAfterMs);
    while (this.#waiting.size > 0) {
      // Who comes while the question is on its way needs the next one: this answer may be older than his write.
      const asking = [...this.#waiting];
      try {
        this.#judge(asking, readAofState(await connection.info('persistence')));
      } catch (error) {
        this.#judgeFailure(asking, error);
      }
      if (asking.some((waiter) => this.#waiting.has(waiter))) {
        await pause(this.#pollMs);
      }
    }
    this.#isAsking = false;
  }

  #judge(asking: readonly Waiter[], state: AofState): void {
    if (state.kind === 'none') return this.#passWithout(asking, state.reason);
    for (const waiter of asking) {
      if (state.pending === 0 || hasReached(waiter.target, state)) this.#pass(waiter);
      // A rewrite of the file starts the count anew.
      else if (waiter.target?.baseSize !== state.baseSize) {
        waiter.target = { baseSize: state.baseSize, size: state.size + state.pending };
      }
    }
    const seconds = this.#giveUpAfterMs / 1_000;
    this.#rejectAll(
      asking.filter(({ since }) => performance.now() - since >= this.#giveUpAfterMs),
      `Redis has not written its append-only file for ${seconds} s; look at its disk (INFO persistence: aof_last_write_status, aof_delayed_fsync)`,
    );
  }

  #judgeFailure(asking: readonly Waiter[], error: unknown): void {
    const reason = error instanceof Error ? error.message : String(error);
    if (/^NOPERM|^ERR unknown command/.test(reason)) this.#passWithout(asking, 'INFO is not allowed');
    else this.#rejectAll(asking, `Redis did not say whether it has written its append-only file: ${reason}`);
  }

  #passWithout(asking: readonly Waiter[], reason: string): void {
    this.#warnOnce(reason);
    for (const waiter of asking) this.#pass(waiter);
  }

  #pass(waiter: Waiter): void {
    this.#waiting.delete(waiter);
    waiter.resolve();
  }

  #rejectAll(waiters: readonly Waiter[], reason: string): void {
    for (const waiter of waiters) {
      this.#waiting.delete(waiter);
      waiter.reject(new RedisWriteUnconfirmedError(reason));
    }
  }

  #warnOnce(reason: string): void {
    if (this.#warned.has(reason)) return;
    this.#warned.add(reason);
    this.#logger.warn(
      `What Redis confirms counts as kept, although a Redis that is killed can lose it (${reason}). Use a Redis with appendonly yes and allow INFO, if that matters.`,
    );
  }
}

/**
 * On a busy Redis a question nearly always finds something in the buffer: the writes that came in with it. What was in the buffer at
 * the first look is in the file once the file has grown by that much.
 */
function hasReached(target: Waiter['target'], state: { size: number; baseSize: number }): boolean {
  return target !== undefined && target.baseSize === state.baseSize && state.size >= target.size;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
