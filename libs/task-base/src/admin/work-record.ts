import { hasSensitiveFields, validatePayload } from '@bus/payload-schemas';
import { redisKeys } from '@bus/platform';
import type { RedisConnection } from '@bus/platform';
import { readParams, readScheduleRunId } from '../client/job-data.ts';
import { idempotencyKeyOf } from '../idempotency/idempotency-key.ts';
import { TaskParamsInvalidError } from '../task-base.errors.ts';
import type { TaskDefinition } from '../tasks/define-task.ts';

/** What Redis knows of the idempotent piece of work a job is for. Many jobs may be for the same one. */
export interface WorkRecord {
  /** 'failed': the latest run of it failed, so the next job for it runs. */
  readonly state: 'running' | 'failed' | 'done';
  /** The job that does it or did it; null for an outcome that Redis was told of afterwards. */
  readonly jobId: string | null;
  /** When the outcome stands no more, and the work would be done again; null when that is not known. */
  readonly expiresAt: Date | null;
}

const STATES: readonly WorkRecord['state'][] = ['running', 'failed', 'done'];

/** The ids of jobs that were not named by their producer end in the name of the work. */
const KEY_IN_JOB_ID = /-([0-9a-f]{64})$/;

/** The record of the work; undefined when the task has no idempotency rule, or nothing is known of the work (any more). */
export async function readWorkRecord(
  connection: RedisConnection,
  task: TaskDefinition,
  job: { readonly jobId: string; readonly data: unknown },
): Promise<WorkRecord | undefined> {
  const key = keyOf(task, job.jobId, job.data);
  if (key === undefined) return undefined;
  const record = redisKeys.idempotencyRecord(key);
  const [[stored, owner], ttlMs] = await Promise.all([
    connection.hmget(record, 'state', 'job'),
    connection.pttl(record),
  ]);
  const state = STATES.find((one) => one === stored);
  if (state === undefined) return undefined;
  return {
    state,
    jobId: owner?.replace(/@[^@]*$/, '') ?? null,
    expiresAt: ttlMs > 0 ? new Date(Date.now() + ttlMs) : null,
  };
}

function keyOf(task: TaskDefinition, jobId: string, data: unknown): string | undefined {
  if (task.idempotency === undefined) return undefined;
  // The name of work with sensitive parameters can be made only from what is sealed.
  if (hasSensitiveFields(task.params)) return KEY_IN_JOB_ID.exec(jobId)?.[1];
  const validation = validatePayload(task.params, readParams(data));
  if (!validation.ok) return undefined;
  try {
    return idempotencyKeyOf(task, validation.value, undefined, readScheduleRunId(data));
  } catch (error) {
    if (error instanceof TaskParamsInvalidError) return undefined;
    throw error;
  }
}
