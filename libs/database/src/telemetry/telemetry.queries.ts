import { Inject, Injectable, Optional } from '@nestjs/common';
import { Metrics } from '@bus/observability';
import type { DeviceTelemetryEntry } from '@bus/payload-schemas';
import { POSTGRES_POOL } from '@bus/platform';
import type { Pool } from 'pg';
import { storableJson, storableNumber, storableTextOrNull } from '../storable-values.ts';
import { timeSeriesInsert, type BatchInsertResult } from './insert-time-series.ts';

const insert = timeSeriesInsert<DeviceTelemetryEntry>('device_telemetry', (entry) => entry.device_id, [
  { name: 'battery', type: 'double precision', valueOf: (entry) => storableNumber(entry.battery) },
  { name: 'signal', type: 'double precision', valueOf: (entry) => storableNumber(entry.signal) },
  { name: 'temperature', type: 'double precision', valueOf: (entry) => storableNumber(entry.temperature) },
  { name: 'connectivity', type: 'text', valueOf: (entry) => storableTextOrNull(entry.connectivity) },
  { name: 'readings', type: 'jsonb', valueOf: (entry) => storableJson(entry.readings) },
]);

/** What devices measure. */
@Injectable()
export class TelemetryQueries {
  constructor(
    @Inject(POSTGRES_POOL) private readonly pool: Pool,
    @Optional() private readonly metrics?: Metrics,
  ) {}

  /**
   * Stores a batch in one round trip: all of it is durable when it resolves, none when it rejects. A message that is
   * there already (same device, message id and device time) is left as it is.
   */
  insertBatch(entries: readonly DeviceTelemetryEntry[]): Promise<BatchInsertResult> {
    return insert(this.pool, entries, this.metrics);
  }
}
