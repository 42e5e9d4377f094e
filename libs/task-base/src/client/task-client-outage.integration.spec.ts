import { RedisConnections } from '@bus/platform';
import { startRedis, waitFor } from '@bus/testing';
import { describe, expect, it } from 'vitest';
import { startClient } from '../fixtures/test-client.fixture.ts';
import { testTask } from '../fixtures/test-tasks.fixture.ts';
import { TaskQueueUnavailableError } from '../task-base.errors.ts';
import { TaskClient } from './task-client.ts';

const echo = testTask('echo');

describe('TaskClient without Redis', () => {
  it('rejects with a retryable error while Redis is away, from the start and later, and works when it is back', async () => {
    // Synced on every write: with a sync each second, a killed Redis may forget what it has just confirmed.
    const redis = await startRedis({ settings: { appendfsync: 'always' } });
    await redis.kill('SIGKILL');
    const app = await startClient(redis.url);
    try {
      const client = app.get(TaskClient);
      const enqueue = () => client.enqueue(echo, { text: 'hi' }, { jobId: 'one' });
      const unavailable = {
        code: 'TASK_QUEUE_UNAVAILABLE',
        isRetryable: true,
        name: TaskQueueUnavailableError.name,
      };

      await expect(enqueue()).rejects.toMatchObject(unavailable);
      await redis.restart();
      const receipt = await waitFor(enqueue, { message: 'the first job to be taken' });
      expect(receipt).toMatchObject({ jobId: 'echo-one' });

      await redis.kill('SIGKILL');
      await expect(enqueue()).rejects.toMatchObject(unavailable);
      await redis.restart();
      expect(await waitFor(enqueue, { message: 'the job to be taken again' })).toMatchObject({
        duplicate: true,
      });
    } finally {
      await app.close();
      await redis.stop();
    }
  });

  it('opens a queue anew when the first try failed for another reason', async () => {
    const redis = await startRedis();
    const admin = await startClient(redis.url);
    const { commands } = admin.get(RedisConnections);
    await commands.call('ACL', 'SETUSER', 'shy', 'on', '>secret', '~*', '&*', '+@all', '-info');
    const app = await startClient(redis.url.replace('redis://', 'redis://shy:secret@'));
    try {
      const enqueue = () => app.get(TaskClient).enqueue(echo, { text: 'hi' });
      await expect(enqueue()).rejects.toMatchObject({ code: 'TASK_QUEUE_UNAVAILABLE' });
      await commands.call('ACL', 'SETUSER', 'shy', '+info');
      expect(await waitFor(enqueue)).toMatchObject({ duplicate: false });
    } finally {
      await Promise.all([app.close(), admin.close()]);
      await redis.stop();
    }
  });
});
