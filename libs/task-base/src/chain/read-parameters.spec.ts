import { Metrics } from '@bus/observability';
import { beforeEach, describe, expect, it } from 'vitest';
import { taskRun } from '../fixtures/task-run.fixture.ts';
import { JobUnreadableError, TaskParamsInvalidError, UnknownTaskError } from '../task-base.errors.ts';
import { readParameters } from './read-parameters.ts';
import type { TaskLink } from './task-run.ts';

describe('readParameters', () => {
  let metrics: Metrics;
  let link: TaskLink;
  const notCalled = () => Promise.reject(new Error('the handler must not run'));
  const withData = (data: unknown) => taskRun({ job: { ...taskRun().job, data } });

  beforeEach(() => {
    metrics = new Metrics({ app: 'spec', instance: 'spec' });
    link = readParameters(metrics);
  });

  it('hands checked parameters on', async () => {
    const run = taskRun();
    await link(run, () => Promise.resolve());
    expect(run.params).toEqual({ text: 'hello' });
  });

  it.each([
    ['no job of ours', { foo: 1 }, JobUnreadableError],
    ['nothing at all', null, JobUnreadableError],
    ['marked as unreadable', { unreadable: 'data: not JSON' }, JobUnreadableError],
    ['missing a field', { params: {} }, TaskParamsInvalidError],
    ['of the wrong type', { params: { text: 5 } }, TaskParamsInvalidError],
    ['a list', { params: [] }, TaskParamsInvalidError],
  ])('refuses data that is %s', async (_what, data, kind) => {
    await expect(link(withData(data), notCalled)).rejects.toBeInstanceOf(kind);
  });

  it('refuses a task it does not know and counts it', async () => {
    const run = taskRun({ handler: undefined, taskName: 'unknown' });
    await expect(link(run, notCalled)).rejects.toBeInstanceOf(UnknownTaskError);
    expect((await metrics.render()).body).toMatch(
      /bus_task_rejected_total\{[^}]*task="unknown",reason="TASK_UNKNOWN"[^}]*\} 1/,
    );
  });

  it('does not count what the handler throws as refused', async () => {
    await expect(link(taskRun(), () => Promise.reject(new Error('mine')))).rejects.toThrow('mine');
    expect((await metrics.render()).body).not.toMatch(/bus_task_rejected_total\{/);
  });
});
