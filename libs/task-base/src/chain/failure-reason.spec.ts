import { describe, expect, it } from 'vitest';
import { TaskHardTimeLimitError } from '../task-base.errors.ts';
import { describeFailure, readFailure } from './failure-reason.ts';

describe('failure reasons', () => {
  it('come back as they were written', () => {
    expect(readFailure(describeFailure(new TaskHardTimeLimitError('slow', 5)))).toEqual({
      reason: 'TASK_HARD_TIME_LIMIT',
      detail: 'slow was given up at its hard limit of 5 ms',
    });
  });

  it('use the code of an error of another library, when it is one', () => {
    expect(describeFailure(Object.assign(new Error('refused'), { code: 'ECONNREFUSED' }))).toBe(
      'ECONNREFUSED: refused',
    );
    expect(describeFailure(Object.assign(new Error('bad row'), { code: '22001' }))).toBe(
      'TASK_FAILED: bad row',
    );
  });

  it('read a line of another origin as detail', () => {
    expect(readFailure('something else')).toEqual({ reason: 'TASK_FAILED', detail: 'something else' });
  });
});
