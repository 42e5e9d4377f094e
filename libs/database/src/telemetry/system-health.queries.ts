import { Inject, Injectable, Optional } from '@nestjs/common';
import { Metrics } from '@bus/observability';
import type { SystemHealthEntry } from '@bus/payload-schemas';
import { POSTGRES_POOL } from '@bus/platform';
import type { Pool } from 'pg';
import { storableNumber } from '../storable-values.ts';
import { timeSeriesInsert, type BatchInsertResult } from './insert-time-series.ts';

const insert = timeSeriesInsert<SystemHealthEntry>('system_health', (entry) => entry.source_id, [
  { name: 'cpu_percent', type: 'double precision', valueOf: (entry) => storableNumber(entry.cpu) },
  { name: 'memory_percent', type: 'double precision', valueOf: (entry) => storableNumber(entry.memory) },
  { name: 'disk_percent', type: 'double precision', valueOf: (entry) => storableNumber(entry.disk) },
  { name: 'uptime_seconds', type: 'double precision', valueOf: (entry) => storableNumber(entry.uptime) },
]);

/** How edge servers fare. */
@Injectable()
export class SystemHealthQueries {
  constructor(
    @Inject(POSTGRES_POOL) private readonly pool: Pool,
    @Optional() private readonly metrics?: Metrics,
  ) {}

  /** As `TelemetryQueries.insertBatch`. */
  insertBatch(entries: readonly SystemHealthEntry[]): Promise<BatchInsertResult> {
    return insert(this.pool, entries, this.metrics);
  }
}
