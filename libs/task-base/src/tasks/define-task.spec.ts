import { describe, expect, it } from 'vitest';
import { PROCESS_DEVICE_ALERT } from '../catalog/process-device-alert.ts';
import { TASK_CATALOG } from '../catalog/task-catalog.ts';
import { EchoParams } from '../fixtures/test-tasks.fixture.ts';
import { defineTask } from './define-task.ts';

const MINUTE_MS = 60_000;

describe('defineTask', () => {
  it('fills in the defaults of the bus and the priority of the lane', () => {
    expect(defineTask({ name: 'make_report', queue: 'reports', params: EchoParams })).toMatchObject({
      priority: 6,
      retry: { retries: 3, backoffMs: MINUTE_MS, maxBackoffMs: 10 * MINUTE_MS },
      softLimitMs: 30 * MINUTE_MS,
      hardLimitMs: 60 * MINUTE_MS,
      sentAgain: 'first-job',
    });
  });

  it.each([
    ['a name that is not snake_case', { name: 'Make-Report' }],
    ['a priority outside 0 to 10', { priority: 11 }],
    ['a negative number of retries', { retry: { retries: -1, backoffMs: 1, maxBackoffMs: 1 } }],
    ['a soft limit above the hard one', { softLimitMs: 2, hardLimitMs: 1 }],
    ['a child without room for Node itself', { runsIn: { child: { maxMemoryMiB: 64 } } }],
  ])('refuses %s', (_what, changes) => {
    const task = { name: 'make_report', queue: 'reports', params: EchoParams } as const;
    expect(() => defineTask({ ...task, ...changes })).toThrow(RangeError);
  });
});

describe('TASK_CATALOG', () => {
  it('names every task once', () => {
    const names = TASK_CATALOG.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
  });

  it('is more patient with alerts than with anything else', () => {
    expect(PROCESS_DEVICE_ALERT).toMatchObject({
      queue: 'critical',
      priority: 10,
      retry: { retries: 5, backoffMs: 10_000 },
      softLimitMs: 3 * MINUTE_MS,
      hardLimitMs: 6 * MINUTE_MS,
    });
  });
});
