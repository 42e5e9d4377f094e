import { inSpan, isTracing } from '@bus/observability';
import { processSpan } from '../tracing/task-spans.ts';
import { isMovedAside } from './move-aside.ts';
import type { TaskRun } from './task-run.ts';

/** Each attempt is a span of the trace the job was enqueued in; what the handler enqueues belongs to it. */
export function traceRun(run: TaskRun, next: () => Promise<unknown>): Promise<unknown> {
  return isTracing() ? traced(run, next) : next();
}

async function traced(run: TaskRun, next: () => Promise<unknown>): Promise<unknown> {
  let aside: unknown;
  const outcome = await inSpan(
    () => processSpan(run),
    async () => {
      try {
        return await next();
      } catch (error) {
        if (!isMovedAside(error)) throw error;
        // Not a failure of the span either.
        aside = error;
        return undefined;
      }
    },
  );
  if (aside !== undefined) throw aside;
  return outcome;
}
