import { redisKeys } from '@bus/platform';
import { QueueKeys } from 'bullmq';
import { TASK_CATALOG } from '../catalog/task-catalog.ts';
import { taskNameOf } from '../client/job-id.ts';
import type { QueueName } from '../queues/queue-catalog.ts';
import type { TaskDefinition } from '../tasks/define-task.ts';

/** One job. Its id begins with the name of its task, so for tasks of the catalog the id alone is enough. */
export interface JobAddress {
  /** As `EnqueueReceipt.jobId` has it. */
  readonly jobId: string;
  readonly queue?: QueueName;
  readonly task?: Pick<TaskDefinition, 'name' | 'queue'>;
}

/** Where a job lies in Redis. All keys of one job are in one slot. */
export interface JobPlace {
  readonly queue: QueueName;
  readonly jobId: string;
  /** Of the keys BullMQ keeps for the queue; ends with ':'. */
  readonly prefix: string;
  readonly job: string;
  readonly lock: string;
  readonly cancellation: string;
}

/** Undefined when no queue was named and no task of the catalog has this kind of id. */
export function placeOfAddress(ref: JobAddress): JobPlace | undefined {
  const queue = ref.queue ?? ref.task?.queue ?? queueOfJobId(ref.jobId);
  return queue === undefined ? undefined : placeOf(queue, ref.jobId);
}

export function placeOf(queue: QueueName, jobId: string): JobPlace {
  const job = new QueueKeys(redisKeys.queuePrefix(queue)).toKey(queue, jobId);
  return {
    queue,
    jobId,
    prefix: job.slice(0, job.length - jobId.length),
    job,
    lock: `${job}:lock`,
    cancellation: redisKeys.jobCancellation(queue, jobId),
  };
}

function queueOfJobId(jobId: string): QueueName | undefined {
  const taskName = taskNameOf(jobId);
  return TASK_CATALOG.find(({ name }) => name === taskName)?.queue;
}
