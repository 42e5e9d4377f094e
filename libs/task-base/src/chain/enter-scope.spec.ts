import { ConcealedValues, currentCorrelationId, redactText } from '@bus/observability';
import { describe, expect, it } from 'vitest';
import { taskRun } from '../fixtures/task-run.fixture.ts';
import { currentTask, currentTaskSignal } from '../tasks/current-task.ts';
import { enterScope } from './enter-scope.ts';

describe('enterScope', () => {
  it('carries the correlation id of the job', async () => {
    const run = taskRun();
    expect(await enterScope(run, async () => currentCorrelationId())).toBe('c-1');
    expect(run.correlationId).toBe('c-1');
  });

  it('makes one for a job without', async () => {
    const run = taskRun({ job: { ...taskRun().job, data: {} } });
    const seen = await enterScope(run, async () => currentCorrelationId());
    expect(seen).toMatch(/^[0-9a-f-]{36}$/);
    expect(run.correlationId).toBe(seen);
  });

  it('names the running task to everything it calls', async () => {
    const run = taskRun();
    const seen = await enterScope(run, async () => {
      await Promise.resolve();
      return [currentTask(), currentTaskSignal()];
    });
    expect(seen).toEqual([{ taskId: 'echo-1', taskName: 'echo' }, run.control.signal]);
    expect(currentTask()).toBeUndefined();
    expect(currentTaskSignal()).toBeUndefined();
  });

  it('conceals what turns out to be sensitive meanwhile', async () => {
    const run = taskRun({ concealed: new ConcealedValues() });
    const said = await enterScope(run, async () => {
      run.concealed.add('nightingale');
      await Promise.resolve();
      return redactText('the nightingale');
    });
    expect(said).toBe('the [redacted]');
  });
});
