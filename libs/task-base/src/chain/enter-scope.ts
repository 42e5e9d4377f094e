import { randomUUID } from 'node:crypto';
import { runInScope } from '@bus/observability';
import { readCorrelationId } from '../client/job-data.ts';
import type { TaskRun } from './task-run.ts';

/**
 * Everything the run logs, enqueues or broadcasts carries the correlation id its job came with, and nothing it logs, stores or fails
 * with shows its sensitive values.
 */
export function enterScope(run: TaskRun, next: () => Promise<unknown>): Promise<unknown> {
  run.correlationId = readCorrelationId(run.job.data) ?? randomUUID();
  return runInScope({ correlationId: run.correlationId, concealed: run.concealed }, next);
}
