import { Inject, Injectable, Optional } from '@nestjs/common';
import { Metrics } from '@bus/observability';
import type { GuardGpsEntry } from '@bus/payload-schemas';
import { POSTGRES_POOL } from '@bus/platform';
import type { Pool } from 'pg';
import { storableInteger, storableNumber } from '../storable-values.ts';
import { timeSeriesInsert, type BatchInsertResult } from './insert-time-series.ts';

const insert = timeSeriesInsert<GuardGpsEntry>('guard_locations', (entry) => entry.source_id, [
  { name: 'lat', type: 'double precision', valueOf: (entry) => entry.lat },
  { name: 'lon', type: 'double precision', valueOf: (entry) => entry.lon },
  { name: 'accuracy_m', type: 'double precision', valueOf: (entry) => storableNumber(entry.accuracy) },
  { name: 'claimed_guard_id', type: 'bigint', valueOf: (entry) => storableInteger(entry.guard_id) },
  { name: 'claimed_client_id', type: 'bigint', valueOf: (entry) => storableInteger(entry.client_id) },
]);

/** Where guards are and were. */
@Injectable()
export class GuardLocationQueries {
  constructor(
    @Inject(POSTGRES_POOL) private readonly pool: Pool,
    @Optional() private readonly metrics?: Metrics,
  ) {}

  /** As `TelemetryQueries.insertBatch`. */
  insertBatch(entries: readonly GuardGpsEntry[]): Promise<BatchInsertResult> {
    return insert(this.pool, entries, this.metrics);
  }
}
