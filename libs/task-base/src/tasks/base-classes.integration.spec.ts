import { NestFactory } from '@nestjs/core';
import type { INestApplicationContext, Provider } from '@nestjs/common';
import { CircuitBreakerModule, CircuitBreakers } from '@bus/circuit-breaker';
import { RedisConnections, redisKeys } from '@bus/platform';
import { createRedisDatabase, waitFor } from '@bus/testing';
import { Queue } from 'bullmq';
import type { Job } from 'bullmq';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import { TaskClient } from '../client/task-client.ts';
import { TaskClientModule } from '../client/task-client.module.ts';
import type { EchoParams } from '../fixtures/test-tasks.fixture.ts';
import { testTask } from '../fixtures/test-tasks.fixture.ts';
import { readParking } from '../parking/parked-jobs.ts';
import { MemoryDeadLetters, platformFor } from '../fixtures/test-worker.fixture.ts';
import { TaskWorkerModule } from '../runner/task-worker.module.ts';
import type { TaskDefinition } from './define-task.ts';
import { EmailTask } from './email/email-task.ts';
import type { EmailOutcome } from './email/email-task.ts';
import { MAIL_TRANSPORT } from './email/mail-transport.ts';
import type { MailTransport } from './email/mail-transport.ts';
import { MaintenanceTask } from './maintenance-task.ts';
import type { BatchOutcome } from './maintenance-task.ts';
import type { TaskContext } from './task-context.ts';
import { Task } from './task.decorator.ts';

const tidyUp = testTask('tidy_up', { softLimitMs: 3_000 });
const sendNote = testTask('send_note');

/** Its first batch lasts until the run is asked to end. */
@Task(tidyUp)
class TidyUp extends MaintenanceTask<EchoParams, BatchOutcome> {
  rows = 100;
  private batches = 0;

  run(_params: EchoParams, ctx: TaskContext): Promise<BatchOutcome> {
    return this.inBatches<number>(ctx, {
      batchSize: 10,
      next: (limit) => Promise.resolve(Array.from({ length: Math.min(limit, this.rows) }, (_, row) => row)),
      onBatch: async (items, signal) => {
        this.batches += 1;
        if (this.batches === 1) await aborted(signal);
        this.rows -= items.length;
      },
      countLeft: () => Promise.resolve(this.rows),
    });
  }
}

/** The text names the recipient. */
@Task(sendNote)
class SendNote extends EmailTask<EchoParams, EmailOutcome> {
  run({ text }: EchoParams, ctx: TaskContext): Promise<EmailOutcome> {
    return this.sendEmail({ to: [text, 'bob at home'], subject: 'Note', text: 'Hello' }, ctx);
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    signal.addEventListener('abort', () => resolve());
  });
}

describe('base classes in a worker', () => {
  let app: INestApplicationContext;
  let queue: Queue;
  let answerOfServer: MailTransport['send'];

  beforeEach(async () => {
    const catalog = [tidyUp, sendNote];
    const transport: MailTransport = { send: (...email) => answerOfServer(...email) };
    const providers = [TidyUp, SendNote, { provide: MAIL_TRANSPORT, useValue: transport }];
    app = await startWorker(await createRedisDatabase(inject('redisUrl')), catalog, providers);
    const connection = app.get(RedisConnections).commands;
    queue = new Queue('critical', { connection, prefix: redisKeys.queuePrefix('critical') });
  });
  afterEach(() => app.close());

  async function finished(task: TaskDefinition<EchoParams>, text: string): Promise<Job> {
    const { jobId } = await app.get(TaskClient).enqueue(task, { text });
    return waitFor(
      async () => {
        const job: Job | undefined = await queue.getJob(jobId);
        return job?.finishedOn === undefined ? undefined : job;
      },
      { timeoutMs: 30_000 },
    );
  }

  it('maintenance that meets its soft limit ends well, and the next run does the rest', async () => {
    const first = await finished(tidyUp, 'first');
    expect(first.returnvalue).toEqual({ done: 10, left: 90 });
    expect(first.progress).toEqual({ percent: 10, message: '10 of 100' });
    expect((await finished(tidyUp, 'second')).returnvalue).toEqual({ done: 90, left: 0 });
  });

  it('a sent email leaves no address in its result', async () => {
    answerOfServer = () => Promise.resolve({ refused: [] });
    const { returnvalue } = await finished(sendNote, 'ann@example.com');
    expect(returnvalue).toEqual({ accepted: 1, refused: [{ email: '[redacted]', reason: 'syntax' }] });
  });

  it('an email the server does not take leaves no address in its failure', async () => {
    answerOfServer = () => Promise.reject(new Error('550 ann@example.com is unknown here'));
    const { failedReason, stacktrace } = await finished(sendNote, 'ann@example.com');
    expect(failedReason).toBe('EMAIL_NOT_SENT: the email was not taken: 550 [address] is unknown here');
    expect(JSON.stringify(stacktrace)).not.toContain('ann@');
    const letter = await waitFor(() => app.get(MemoryDeadLetters).letters[0], { timeoutMs: 30_000 });
    expect(letter).toMatchObject({
      reason: 'EMAIL_NOT_SENT',
      detail: expect.not.stringContaining('ann@') as string,
    });
  });

  it('an email waits aside while the circuit of the mail server is open, and is sent when it closes', async () => {
    answerOfServer = () => Promise.resolve({ refused: [] });
    const circuits = app.get(CircuitBreakers);
    await circuits.open('smtp', 'spec');
    const { jobId } = await app.get(TaskClient).enqueue(sendNote, { text: 'ann@example.com' });
    const connection = app.get(RedisConnections).commands;
    const parking = await waitFor(() => readParking(connection, 'critical', jobId), { timeoutMs: 30_000 });
    expect(parking).toMatchObject({ service: 'smtp' });
    await circuits.close('smtp');
    await waitFor(() => queue.getJobState(jobId).then((state) => state === 'completed'), {
      timeoutMs: 30_000,
    });
    expect(await queue.getJob(jobId)).toMatchObject({ returnvalue: { accepted: 1 } });
  });
});

function startWorker(
  redisUrl: string,
  catalog: readonly TaskDefinition[],
  providers: Provider[],
): Promise<INestApplicationContext> {
  const letters = {
    module: class Letters {},
    providers: [MemoryDeadLetters],
    exports: [MemoryDeadLetters],
  };
  const worker = {
    module: class App {},
    imports: [
      platformFor(redisUrl),
      TaskClientModule,
      CircuitBreakerModule.forRoot(),
      TaskWorkerModule.forRoot({
        queues: ['critical'],
        catalog,
        deadLetterStore: MemoryDeadLetters,
        imports: [letters],
      }),
    ],
    providers,
  };
  return NestFactory.createApplicationContext(worker, { logger: false, abortOnError: false });
}
