import { describe, expect, it } from 'vitest';
import { readCorrelationId, readParams, readScheduleRunId } from './job-data.ts';

describe('job data from Redis', () => {
  it('gives params and correlation id of a job of ours', () => {
    const data = {
      params: { a: 1 },
      meta: { correlation_id: 'c-1', enqueued_at: '2026-01-01T00:00:00.000Z' },
    };
    expect(readParams(data)).toEqual({ a: 1 });
    expect(readCorrelationId(data)).toBe('c-1');
  });

  it.each([null, undefined, 5, 'text', [], {}, { params: undefined }])('finds no params in %j', (data) => {
    expect(readParams(data)).toBeUndefined();
  });

  it.each([
    null,
    'x',
    { meta: null },
    { meta: { correlation_id: 7 } },
    { meta: { correlation_id: 'x'.repeat(129) } },
  ])('trusts no correlation id in %j', (data) => {
    expect(readCorrelationId(data)).toBeUndefined();
  });

  it('gives the schedule run of a scheduled job, and trusts nothing else', () => {
    expect(readScheduleRunId({ params: {}, meta: { schedule_run_id: '42' } })).toBe('42');
    for (const id of [undefined, 42, '', '-1', '4 2', '1'.repeat(19), { toString: () => '42' }]) {
      expect(readScheduleRunId({ params: {}, meta: { schedule_run_id: id } })).toBeUndefined();
    }
  });

  it('reads own fields only', () => {
    expect(readParams(Object.create({ params: { inherited: true } }))).toBeUndefined();
  });
});
