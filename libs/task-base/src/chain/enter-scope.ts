import { randomUUID } from 'node:crypto';
import { runInScope } from '@bus/observability';
import { readCorrelationId } from '../client/job-data.ts';
import { TaskWork } from '../tasks/current-task.ts';
import type { TaskRun } from './task-run.ts';

/**
 * Everything the run logs, enqueues or broadcasts carries the correlation id its job came with, nothing it logs, stores or fails with
 * shows its sensitive values, and whatever it calls can ask for the task (`currentTask`).
 */
export function enterScope(run: TaskRun, next: () => Promise<unknown>): Promise<unknown> {
  run.correlationId = readCorrelationId(run.job.data) ?? randomUUID();
  const { correlationId, concealed } = run;
  return runInScope({ correlationId, concealed, work: new TaskWork(run) }, next);
}
