import { Metrics } from '@bus/observability';
import { RedisConnections } from '@bus/platform';
import { startRedis } from '@bus/testing';
import type { RedisServer } from '@bus/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ScheduledJobs } from './scheduled-jobs.ts';

describe('ScheduledJobs', () => {
  let server: RedisServer;
  let connections: RedisConnections;
  let jobs: ScheduledJobs;

  beforeAll(async () => {
    server = await startRedis();
    connections = new RedisConnections(
      { REDIS_URL: server.url },
      { metrics: new Metrics({ app: 'spec', instance: '1' }) },
    );
    jobs = new ScheduledJobs(connections.commands);
  });
  beforeEach(() => connections.commands.flushall());
  afterAll(async () => {
    await connections.closeAll();
    await server.stop();
  });

  it.each([
    [{}, { state: 'missing' }],
    [{ timestamp: '1' }, { state: 'open' }],
    [{ timestamp: '1', failedReason: 'TASK_FAILED: will be retried' }, { state: 'open' }],
    [{ timestamp: '1', finishedOn: '2' }, { state: 'succeeded' }],
    [
      { timestamp: '1', finishedOn: '2', failedReason: 'TASK_FAILED: no' },
      { state: 'failed', reason: 'TASK_FAILED: no' },
    ],
    [
      { timestamp: '1', finishedOn: '2', failedReason: 'password=hunter2' },
      { state: 'failed', reason: 'TASK_FAILED: password=[redacted]' },
    ],
  ])('takes %j for %j', async (fields, fate) => {
    if ('timestamp' in fields) await connections.commands.hset('bus:{critical}:critical:job-1', fields);
    expect(await jobs.fate('critical', 'job-1')).toEqual(fate);
  });

  it('keeps its name for a Redis as long as it can have lost nothing', async () => {
    const first = await jobs.lineage('critical');
    expect(await jobs.lineage('critical')).toBe(first);

    await connections.commands.flushall();
    const flushed = await jobs.lineage('critical');
    expect(flushed).not.toBe(first);

    await server.kill();
    await server.restart();
    expect(await jobs.lineage('critical')).not.toBe(flushed);
  });
});
