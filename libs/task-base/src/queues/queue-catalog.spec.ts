import { describe, expect, it } from 'vitest';
import { QUEUES } from './queue-catalog.ts';
import type { QueueDefinition } from './queue-catalog.ts';

const lanes = Object.entries<QueueDefinition>(QUEUES);

describe('QUEUES', () => {
  it('has the twelve lanes of the bus with their priorities', () => {
    expect(Object.fromEntries(lanes.map(([name, { priority }]) => [name, priority]))).toEqual({
      critical: 10,
      device_commands: 9,
      high_priority: 8,
      email: 7,
      reports: 6,
      default: 5,
      analytics: 4,
      external_api: 4,
      maintenance: 3,
      batch_processing: 2,
      ai_processing: 1,
      ml_training: 0,
    });
  });

  it('redoes the critical job of a killed worker within eight seconds, five times over', () => {
    const { lockDurationMs, stalledIntervalMs, maxStalledCount } = QUEUES.critical;
    // A kill right after a renewal, found by the check right after the one that came too early.
    expect(lockDurationMs + stalledIntervalMs).toBeLessThan(7_000);
    expect(maxStalledCount).toBeGreaterThanOrEqual(5);
  });

  it('trains one model at a time', () => {
    expect(QUEUES.ml_training.concurrency).toBe(1);
    expect(QUEUES.ai_processing.concurrency).toBe(4);
  });

  it.each(lanes)('%s keeps a bounded number of finished jobs', (_name, { keepCompleted, keepFailed }) => {
    for (const { ageSeconds, count } of [keepCompleted, keepFailed]) {
      expect(ageSeconds).toBeGreaterThan(0);
      expect(count).toBeGreaterThan(0);
    }
  });
});
