import { describe, expect, it } from 'vitest';
import { Session } from '../session/session.ts';
import { nearestOf, taskNamed } from './task-named.ts';

const NAMES = ['process_device_alert', 'process_device_telemetry', 'process_guard_gps', 'publish_mqtt'];

describe('nearestOf', () => {
  it.each([
    ['process_device_alrt', ['process_device_alert']],
    ['Process_Guard_GPS', ['process_guard_gps']],
    ['gps', ['process_guard_gps']],
    ['mqtt', ['publish_mqtt']],
    ['something_else_entirely', []],
    ['', []],
  ])('%s: %j', (name, nearest) => {
    expect(nearestOf(name, NAMES).slice(0, Math.max(1, nearest.length))).toEqual(nearest);
  });
});

describe('taskNamed', () => {
  const session = new Session(() => Promise.reject(new Error('the catalog is no server')));
  it('suggests what may have been meant', async () => {
    await expect(taskNamed(session, 'process_device_alrt')).rejects.toMatchObject({
      exitCode: 2,
      hint: expect.stringContaining('did you mean process_device_alert') as string,
    });
    expect((await taskNamed(session, 'process_guard_gps')).queue).toBe('high_priority');
  });
});
