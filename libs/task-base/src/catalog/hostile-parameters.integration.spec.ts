import { randomBytes } from 'node:crypto';
import { ValueSealer } from '@bus/channel-layer';
import { SAMPLE_MESSAGES, asStored, hostileMessages } from '@bus/payload-schemas';
import { redisKeys } from '@bus/platform';
import { createRedisDatabase } from '@bus/testing';
import { QueueKeys } from 'bullmq';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { readParams } from '../client/job-data.ts';
import { startTestWorker } from '../fixtures/test-worker.fixture.ts';
import type { TestWorker } from '../fixtures/test-worker.fixture.ts';
import { openParams } from '../privacy/parameter-seals.ts';
import { TaskParamsInvalidError } from '../task-base.errors.ts';
import type { TaskDefinition } from '../tasks/define-task.ts';
import { TASK_CATALOG } from './task-catalog.ts';

/** So many enqueues at once, as the slowest machine can answer within the time-out of one. */
const AT_ONCE = 50;

const [key, routing] = [randomBytes(32), randomBytes(32)];
const encryption = { encryptionKeys: () => [key], routingKey: () => routing };

describe('hostile parameters', { timeout: 120_000 }, () => {
  let worker: TestWorker;
  beforeAll(async () => {
    const redisUrl = await createRedisDatabase(inject('redisUrl'));
    worker = await startTestWorker({ redisUrl, handlers: [], catalog: [], queues: [], encryption });
  });
  afterAll(() => worker.close());

  /** The parameters of a job as its worker would get them from Redis. */
  async function paramsInRedis(task: TaskDefinition, jobId: string): Promise<unknown> {
    const jobKey = new QueueKeys(redisKeys.queuePrefix(task.queue)).toKey(task.queue, jobId);
    const data: unknown = JSON.parse((await worker.connections.commands.hget(jobKey, 'data')) ?? 'null');
    return openParams(task, jobId, readParams(data), new ValueSealer(encryption), () => undefined);
  }

  it.each(TASK_CATALOG.map((task: TaskDefinition) => [task.name, task] as const))(
    'of %s are in Redis as they were given, or are refused by the name of the field',
    async (_name, task) => {
      const sample = SAMPLE_MESSAGES.find(([target]) => target === task.params)?.[1];
      if (sample === undefined) throw new Error(`add a sample of ${task.params.name} to SAMPLE_MESSAGES`);
      let stored = 0;
      let refused = 0;
      const all = [...hostileMessages(task.params, sample)].entries();
      const enqueueNext = async (): Promise<void> => {
        for (const [index, { field, attack, message }] of all) {
          const what = `${field}: ${attack}`;
          try {
            // Named, so that equal parameters of tasks with an idempotency rule are jobs of their own here.
            const { jobId } = await worker.client.enqueue(task, message, { jobId: `hostile-${index}` });
            expect(await paramsInRedis(task, jobId), what).toEqual(asStored(message));
            stored += 1;
          } catch (error) {
            if (!(error instanceof TaskParamsInvalidError)) throw error;
            const names = error.problems.map((problem) => problem.field);
            expect(
              names.some((name) => name.startsWith(field)),
              `${names.join()} for ${what}`,
            ).toBe(true);
            refused += 1;
          }
        }
      };
      await Promise.all(Array.from({ length: AT_ONCE }, enqueueNext));
      expect(stored).toBeGreaterThan(0);
      expect(refused).toBeGreaterThan(0);
      expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
    },
  );
});
