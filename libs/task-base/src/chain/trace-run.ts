import { inSpan } from '@bus/observability';
import { processSpan } from '../tracing/task-spans.ts';
import type { TaskRun } from './task-run.ts';

/** Each attempt is a span of the trace the job was enqueued in; what the handler enqueues belongs to it. */
export function traceRun(run: TaskRun, next: () => Promise<unknown>): Promise<unknown> {
  return inSpan(() => processSpan(run), next);
}
