import { describe, expect, it } from 'vitest';
import { jobIdOf, taskNameOf } from './job-id.ts';

describe('jobIdOf', () => {
  it('keeps a readable id and says whose job it is', () => {
    expect(jobIdOf('process_device_alert', 'dev-1.msg_7')).toBe('process_device_alert-dev-1.msg_7');
  });

  it.each(['a:b', '', 'ü', 'x'.repeat(129), 'line\nbreak', '{tag}'])(
    'makes %j safe, the same way each time',
    (id) => {
      expect(jobIdOf('task', id)).toMatch(/^task-[0-9a-f]{64}$/);
      expect(jobIdOf('task', id)).toBe(jobIdOf('task', id));
    },
  );

  it('gives different ids to different texts that need hashing', () => {
    expect(jobIdOf('task', 'a:b')).not.toBe(jobIdOf('task', 'a:c'));
  });

  it('makes up an id when there is none', () => {
    expect(jobIdOf('task')).not.toBe(jobIdOf('task'));
  });
});

describe('taskNameOf', () => {
  it('finds the task in an id of ours', () => {
    expect(taskNameOf(jobIdOf('process_guard_gps', 'a-b-c'))).toBe('process_guard_gps');
  });

  it('finds none in an id of somebody else', () => {
    expect(taskNameOf('12')).toBeUndefined();
  });
});
