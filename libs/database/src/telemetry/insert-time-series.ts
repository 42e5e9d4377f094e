import type { BatchEntry } from '@bus/payload-schemas';
import type { Metrics } from '@bus/observability';
import type { Pool } from 'pg';
import { measuredQuery } from '../schema/measured-query.ts';
import { storableJson, storableKey, storableTime } from '../storable-values.ts';

type ColumnType = 'text' | 'double precision' | 'bigint' | 'jsonb';

/** One column of a time-series table and how to read it from a message. */
export interface TimeSeriesColumn<E> {
  readonly name: string;
  readonly type: ColumnType;
  readonly valueOf: (entry: E) => unknown;
}

/** How many rows a batch added; messages that were there before are not counted. */
export interface BatchInsertResult {
  readonly inserted: number;
}

export type TimeSeriesInsert<E> = (
  pool: Pool,
  entries: readonly E[],
  metrics: Metrics | undefined,
) => Promise<BatchInsertResult>;

interface PreparedColumn<E> {
  readonly name: string;
  readonly type: string;
  readonly valueOf: (entry: E) => unknown;
}

/**
 * Makes the insert of one time-series table: one statement and one round trip a batch, whatever its size; one array a
 * column, so the statement is the same for every batch and stays prepared.
 */
export function timeSeriesInsert<E extends BatchEntry>(
  table: string,
  sourceOf: (entry: E) => string,
  ownColumns: readonly TimeSeriesColumn<E>[],
): TimeSeriesInsert<E> {
  const columns: readonly PreparedColumn<E>[] = [
    { name: 'source_id', type: 'text', valueOf: (entry) => storableKey(sourceOf(entry)) },
    { name: 'message_id', type: 'text', valueOf: (entry) => storableKey(entry.message_id) },
    {
      name: 'device_time',
      type: 'timestamptz',
      valueOf: (entry) => storableTime(entry.device_time) ?? arrivalOf(entry),
    },
    { name: 'received_at', type: 'timestamptz', valueOf: arrivalOf },
    { name: 'clock_suspect', type: 'boolean', valueOf: (entry) => entry.clock_suspect },
    { name: 'raw', type: 'jsonb', valueOf: (entry) => storableJson(entry.raw) },
    ...ownColumns,
  ];
  const names = columns.map((column) => column.name).join(', ');
  const arrays = columns.map((column, index) => `$${index + 1}::${column.type}[]`).join(', ');
  // Ordered by key, so that two batches that share messages wait for each other instead of deadlocking.
  const text = `insert into ${table} (${names})
    select * from unnest(${arrays}) as given (${names}) order by source_id, device_time, message_id
    on conflict do nothing`;
  return async (pool, entries, metrics) => {
    if (entries.length === 0) return { inserted: 0 };
    const name = `insert_${table}`;
    const values = columns.map((column) => entries.map(column.valueOf));
    const result = await measuredQuery(metrics, name, () => pool.query({ name, text, values }));
    return { inserted: result.rowCount ?? 0 };
  };
}

function arrivalOf(entry: BatchEntry): string {
  const receivedAt = storableTime(entry.received_at);
  if (receivedAt === null) throw new RangeError('received_at must be an ISO 8601 time');
  return receivedAt;
}
