import { randomUUID } from 'node:crypto';
import { runWithCorrelationId } from '@bus/observability';
import { readCorrelationId } from '../client/job-data.ts';
import type { TaskRun } from './task-run.ts';

/** Everything the run logs, enqueues or broadcasts carries the correlation id its job came with. */
export function carryCorrelation(run: TaskRun, next: () => Promise<unknown>): Promise<unknown> {
  run.correlationId = readCorrelationId(run.job.data) ?? randomUUID();
  return runWithCorrelationId(run.correlationId, next);
}
