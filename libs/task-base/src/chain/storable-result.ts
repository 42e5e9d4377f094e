import { Logger } from '@nestjs/common';
import { redact } from '@bus/observability';
import { storableText } from '@bus/payload-schemas';
import { mostJsonBytes } from './storable-json.ts';
import type { TaskRun } from './task-run.ts';

/** What a result may take in Redis, in bytes of JSON. Larger things belong into a store, their address into the result. */
export const MAX_RESULT_BYTES = 65_536;

const logger = new Logger('Task');

/**
 * A result as it may be stored and given to others: JSON, free of secrets, the same for everyone. Nothing becomes null,
 * errors their name and message, whole numbers beyond JSON their digits; classes, maps and sets their plain form. One that is
 * too large is replaced by a note of its size, since failing a task that has done its work would only make it do it again.
 */
export function storableResult(run: Pick<TaskRun, 'taskName' | 'jobId'>, result: unknown): unknown {
  if (result === undefined || result === null || typeof result === 'boolean') return result ?? null;
  const clean = redact(result);
  // Nearly every result is plain and small; its way to text and back would cost more than the rest of the chain.
  const mostBytes = mostJsonBytes(clean);
  if (mostBytes !== undefined && mostBytes <= MAX_RESULT_BYTES) return clean;
  const isPlain = mostBytes !== undefined;
  const text = (isPlain ? JSON.stringify(clean) : JSON.stringify(clean, plainValue)) ?? 'null';
  const bytes = Buffer.byteLength(text);
  if (bytes > MAX_RESULT_BYTES) {
    logger.warn(`${run.taskName} ${run.jobId}: its result of ${bytes} bytes is not kept`);
    return { result_omitted: true, bytes, max_bytes: MAX_RESULT_BYTES };
  }
  if (isPlain) return clean;
  // Redacted again: only now is everything in it plain, whatever `toJSON` of a class has made of itself.
  return redact(JSON.parse(text, storableValue) as unknown);
}

function plainValue(_field: string, value: unknown): unknown {
  if (typeof value === 'bigint') return String(value);
  return value instanceof Error ? { name: value.name, message: value.message } : value;
}

/** As every store takes it, so that who gets the outcome from Postgres gets what the first one got. */
function storableValue(_field: string, value: unknown): unknown {
  return typeof value === 'string' ? storableText(value) : value;
}
