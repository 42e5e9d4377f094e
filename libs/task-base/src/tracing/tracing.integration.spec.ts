import { startTracing } from '@bus/observability';
import type { Tracing } from '@bus/observability';
import { redisKeys } from '@bus/platform';
import { createRedisDatabase, startOtlpSink, waitFor } from '@bus/testing';
import type { OtlpSink } from '@bus/testing';
import { Queue } from 'bullmq';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import { handlerOf, testTask } from '../fixtures/test-tasks.fixture.ts';
import { startTestWorker } from '../fixtures/test-worker.fixture.ts';
import type { TestWorker } from '../fixtures/test-worker.fixture.ts';

const PRODUCER = 4;
const CONSUMER = 5;
const CANARY = 'password=hunter2-canary';

const first = testTask('first', { retry: { retries: 1, backoffMs: 5, maxBackoffMs: 5 } });
const second = testTask('second', { queue: 'email' });

describe('the trace of a task', () => {
  let worker: TestWorker;
  let sink: OtlpSink;
  let tracing: Tracing;

  beforeEach(async () => {
    sink = await startOtlpSink();
    let runs = 0;
    worker = await startTestWorker({
      redisUrl: await createRedisDatabase(inject('redisUrl')),
      handlers: [
        handlerOf(first, async (params) => {
          runs += 1;
          if (runs === 1) throw new Error(`no luck with ${CANARY}`);
          return worker.client.enqueue(second, params);
        }),
        handlerOf(second, () => Promise.resolve({ secret: CANARY })),
      ],
      catalog: [first, second],
      queues: ['critical', 'email'],
    });
  });
  afterEach(async () => {
    await worker.close();
    await tracing?.stop();
    await sink.stop();
  });

  const traceOn = async () => {
    tracing = await startTracing({ endpoint: sink.url, app: 'spec', instance: 'i-1' });
  };
  const secondRan = () =>
    waitFor(async () => {
      const { body } = await worker.metrics.render();
      return /bus_task_completed_total\{[^}]*task="second"[^}]*\} 1/.test(body);
    });

  it('is one from the enqueue over a retry to what the handler enqueues, without a secret', async () => {
    await traceOn();
    await worker.client.enqueue(first, { text: CANARY }, { jobId: 'one', correlationId: 'corr-1' });
    await secondRan();
    await tracing.stop();

    const named = (name: string) => sink.spans.filter((span) => span.name === name);
    const [sent] = named('send first');
    const [failed, succeeded] = named('process first');
    const [passedOn] = named('send second');
    const [last] = named('process second');
    expect(sink.spans).toHaveLength(5);
    expect(new Set(sink.spans.map(({ traceId }) => traceId)).size).toBe(1);
    expect(sent).toMatchObject({ kind: PRODUCER, parentSpanId: undefined, service: 'spec', instance: 'i-1' });
    expect(failed).toMatchObject({ kind: CONSUMER, parentSpanId: sent?.spanId, statusCode: 2 });
    expect(succeeded).toMatchObject({ kind: CONSUMER, parentSpanId: sent?.spanId, statusCode: 0 });
    expect(passedOn).toMatchObject({ kind: PRODUCER, parentSpanId: succeeded?.spanId });
    expect(last).toMatchObject({ kind: CONSUMER, parentSpanId: passedOn?.spanId });
    expect(failed?.attributes).toMatchObject({
      'messaging.system': 'bullmq',
      'messaging.operation.type': 'process',
      'messaging.destination.name': 'critical',
      'messaging.message.id': 'first-one',
      'messaging.message.conversation_id': 'corr-1',
      'bus.task.name': 'first',
      'error.type': 'Error',
    });
    expect(sink.bodies.join()).not.toContain('hunter2');
  });

  it('does not exist, and leaves nothing in the job, without tracing', async () => {
    const { jobId } = await worker.client.enqueue(first, { text: 'x' });
    await secondRan();
    const connection = worker.connections.commands;
    const queue = new Queue('critical', { connection, prefix: redisKeys.queuePrefix('critical') });
    const job = await queue.getJob(jobId);
    const { meta } = JSON.parse(JSON.stringify(job?.data)) as { meta: object };
    expect(Object.keys(meta)).toEqual(['correlation_id', 'enqueued_at']);
    expect(sink.bodies).toEqual([]);
  });

  it('outlives a collector that is away', async () => {
    await traceOn();
    await sink.stop();
    await worker.client.enqueue(first, { text: 'x' });
    await secondRan();
    await tracing.stop();
  });
});
