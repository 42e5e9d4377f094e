import { describe, expect, it } from 'vitest';
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
  it('suggests what may have been meant', async () => {
    await expect(taskNamed('process_device_alrt')).rejects.toMatchObject({
      exitCode: 2,
      hint: expect.stringContaining('did you mean process_device_alert') as string,
    });
    expect((await taskNamed('process_guard_gps')).queue).toBe('high_priority');
  });
});
