import { Inject, Injectable, Optional } from '@nestjs/common';
import { Metrics } from '@bus/observability';
import type { SensorEntry } from '@bus/payload-schemas';
import { POSTGRES_POOL } from '@bus/platform';
import type { Pool } from 'pg';
import { storableNumber, storableText, storableTextOrNull } from '../storable-values.ts';
import { timeSeriesInsert, type BatchInsertResult } from './insert-time-series.ts';

const insert = timeSeriesInsert<SensorEntry>('sensor_readings', (entry) => entry.source_id, [
  { name: 'sensor_type', type: 'text', valueOf: (entry) => storableText(entry.type) },
  { name: 'value', type: 'double precision', valueOf: (entry) => storableNumber(entry.value) },
  { name: 'state', type: 'text', valueOf: (entry) => storableTextOrNull(entry.state) },
]);

/** What sensors report. */
@Injectable()
export class SensorReadingQueries {
  constructor(
    @Inject(POSTGRES_POOL) private readonly pool: Pool,
    @Optional() private readonly metrics?: Metrics,
  ) {}

  /** As `TelemetryQueries.insertBatch`. */
  insertBatch(entries: readonly SensorEntry[]): Promise<BatchInsertResult> {
    return insert(this.pool, entries, this.metrics);
  }
}
