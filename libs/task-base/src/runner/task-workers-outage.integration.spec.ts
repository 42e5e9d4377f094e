import { startRedis, waitFor } from '@bus/testing';
import { describe, expect, it } from 'vitest';
import { handlerOf, testTask } from '../fixtures/test-tasks.fixture.ts';
import { startTestWorker } from '../fixtures/test-worker.fixture.ts';
import type { TaskDefinition } from '../tasks/define-task.ts';

const echo = testTask('echo');

describe('TaskWorkers over a Redis that fails', () => {
  it('goes on where it was after a restart of Redis, with no job lost', async () => {
    const redis = await startRedis({ settings: { appendfsync: 'always' } });
    const done = new Set<string>();
    const worker = await startTestWorker({
      redisUrl: redis.url,
      handlers: [handlerOf(echo, ({ text }) => Promise.resolve(done.add(text)))],
      catalog: [echo] as TaskDefinition[],
    });
    try {
      const texts = Array.from({ length: 60 }, (_, index) => `n${index}`);
      const enqueueAll = Promise.all(
        texts.map((text) =>
          waitFor(() => worker.client.enqueue(echo, { text }, { jobId: text }), { timeoutMs: 20_000 }),
        ),
      );
      await waitFor(() => done.size > 0);
      await redis.kill('SIGKILL');
      await redis.restart();
      await enqueueAll;
      await waitFor(() => done.size === texts.length, { timeoutMs: 20_000, message: 'all jobs to be done' });
      expect(worker.letters.letters).toEqual([]);
    } finally {
      await worker.close();
      await redis.stop();
    }
  }, 60_000);
});
