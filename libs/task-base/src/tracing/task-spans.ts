import { SPAN_ATTRIBUTES as NAMES } from '@bus/observability';
import type { SpanDetails } from '@bus/observability';
import type { TaskRun } from '../chain/task-run.ts';
import { readTraceparent } from '../client/job-data.ts';
import type { TaskDefinition } from '../tasks/define-task.ts';

const SYSTEM = 'bullmq';

/** The span of handing jobs of one task to their queue. */
export function sendSpan(task: TaskDefinition, jobs = 1): SpanDetails {
  return {
    name: `send ${task.name}`,
    kind: 'producer',
    attributes: {
      [NAMES.system]: SYSTEM,
      [NAMES.operationType]: 'send',
      [NAMES.operationName]: 'enqueue',
      [NAMES.destination]: task.queue,
      [NAMES.task]: task.name,
      [NAMES.batchMessageCount]: jobs === 1 ? undefined : jobs,
    },
  };
}

/** The span of one attempt at a job, in the trace of whoever enqueued it. */
export function processSpan(run: TaskRun): SpanDetails {
  return {
    name: `process ${run.taskName}`,
    kind: 'consumer',
    parent: readTraceparent(run.job.data),
    attributes: {
      [NAMES.system]: SYSTEM,
      [NAMES.operationType]: 'process',
      [NAMES.operationName]: 'run',
      [NAMES.destination]: run.queue,
      [NAMES.messageId]: run.jobId,
      [NAMES.conversationId]: run.correlationId,
      [NAMES.task]: run.taskName,
      [NAMES.attempt]: run.job.attemptsMade + 1,
    },
  };
}
