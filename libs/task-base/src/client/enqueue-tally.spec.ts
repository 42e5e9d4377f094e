import { Metrics } from '@bus/observability';
import { describe, expect, it } from 'vitest';
import { testTask } from '../fixtures/test-tasks.fixture.ts';
import { EnqueueTally } from './enqueue-tally.ts';

describe('EnqueueTally', () => {
  it('counts all that was added by the time the metrics are read', async () => {
    const metrics = new Metrics({ app: 'spec', instance: 'spec' });
    const tally = new EnqueueTally(metrics);
    const task = testTask('echo');
    tally.added(task, 200);
    tally.added(task, 1);
    tally.suppressed(task);
    const line = async (name: string) =>
      (await metrics.render()).body.split('\n').find((text) => text.startsWith(`${name}{`));
    expect(await line('bus_task_enqueued_total')).toMatch(/task="echo".* 201$/);
    tally.added(task, 1);
    expect(await line('bus_task_enqueued_total')).toMatch(/ 202$/);
    expect(await line('bus_task_duplicates_suppressed_total')).toMatch(/ 1$/);
  });
});
