import { Inject, Injectable, Optional } from '@nestjs/common';
import { Metrics } from '@bus/observability';
import { POSTGRES_POOL } from '@bus/platform';
import type { Pool } from 'pg';
import { measuredQuery } from '../schema/measured-query.ts';

/**
 * The write-ahead log is one sequence: when this record is on disk, so is everything that was committed before it. It says nothing
 * and nobody reads it; a transaction that writes nothing would not be waited for.
 */
const FLUSH = `select pg_logical_emit_message(true, 'bus', '')
  from set_config('synchronous_commit', 'on', true) as durable`;

/**
 * Tells when what Postgres has committed would survive a crash: for statements that committed without waiting for the disk
 * (`synchronous_commit = off`, PostgreSQL documentation 30.4), so that other work can go on meanwhile.
 *
 * Any number of callers share one question, one is asked at a time, and none while nobody waits.
 */
@Injectable()
export class WalBarrier {
  readonly #pool: Pool;
  readonly #metrics: Metrics | undefined;
  #asking: Promise<void> | undefined;
  #next: Promise<void> | undefined;

  constructor(@Inject(POSTGRES_POOL) pool: Pool, @Optional() metrics?: Metrics) {
    this.#pool = pool;
    this.#metrics = metrics;
  }

  /**
   * Resolves once everything committed before the call is durable, on a synchronous standby too where the server has one.
   * Rejects when Postgres did not say so; then it may be lost, and storing it again is right.
   */
  passed(): Promise<void> {
    if (this.#asking === undefined) return this.#ask();
    // The question under way may have been asked before the caller's commit.
    this.#next ??= this.#asking
      .catch(() => undefined)
      .then(() => {
        this.#next = undefined;
        return this.#ask();
      });
    return this.#next;
  }

  #ask(): Promise<void> {
    this.#asking = measuredQuery(this.#metrics, 'wal_barrier', () =>
      this.#pool.query({ name: 'wal_barrier', text: FLUSH }),
    )
      .then(() => undefined)
      .finally(() => (this.#asking = undefined));
    return this.#asking;
  }
}
