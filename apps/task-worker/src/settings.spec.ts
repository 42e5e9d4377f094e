import { loadSettings } from '@bus/platform';
import { describe, expect, it } from 'vitest';
import { TaskWorkerSettings } from './settings.ts';

const queuesFor = (env: Record<string, string>) =>
  loadSettings({ worker: TaskWorkerSettings }, env).worker.TASK_WORKER_QUEUES;

describe('TASK_WORKER_QUEUES', () => {
  it('is everything that no other app runs, unless told otherwise', () => {
    expect(queuesFor({}).toSorted()).toEqual([
      'analytics',
      'batch_processing',
      'critical',
      'default',
      'email',
      'external_api',
      'high_priority',
      'maintenance',
      'reports',
    ]);
    expect(queuesFor({ TASK_WORKER_QUEUES: 'critical, email' })).toEqual(['critical', 'email']);
  });

  it.each(['critcal', 'critical,critical'])('refuses %s by name', (value) => {
    expect(() => queuesFor({ TASK_WORKER_QUEUES: value })).toThrow('TASK_WORKER_QUEUES');
  });
});
