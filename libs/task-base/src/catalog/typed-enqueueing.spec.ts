import type { DeviceAlertJob, SystemHealthBatchJob } from '@bus/payload-schemas';
import { describe, expect, expectTypeOf, it } from 'vitest';
import type { TaskClient } from '../client/task-client.ts';
import { testTask } from '../fixtures/test-tasks.fixture.ts';
import { BaseTask } from '../tasks/base-task.ts';
import type { TaskDefinition } from '../tasks/define-task.ts';
import { Task } from '../tasks/task.decorator.ts';
import { PROCESS_DEVICE_ALERT } from './process-device-alert.ts';
import { PROCESS_SYSTEM_HEALTH } from './process-system-health.ts';
import { TASK_CATALOG } from './task-catalog.ts';
import { findTask, taskNamed } from './task-names.ts';
import type { ParamsOf, TaskName } from './task-names.ts';

/*
 * The build compiles specs too: a line below that is marked as an error and is none stops it, as does any other error.
 * The function is never called; it is what other code may and may not write.
 */
export async function whatCompiles(
  tasks: TaskClient,
  alert: DeviceAlertJob,
  calmAlert: Omit<DeviceAlertJob, 'severity'>,
  health: SystemHealthBatchJob,
  anyName: string,
): Promise<void> {
  await tasks.enqueue(PROCESS_DEVICE_ALERT, alert);
  await tasks.enqueueByName('process_device_alert', alert, { jobId: 'm-1' });
  await tasks.enqueueMany(PROCESS_DEVICE_ALERT, [{ params: alert }]);

  // @ts-expect-error nothing is there
  await tasks.enqueue(PROCESS_DEVICE_ALERT, {});
  // @ts-expect-error parameters of another task
  await tasks.enqueue(PROCESS_DEVICE_ALERT, health);
  // @ts-expect-error a field that does not exist
  await tasks.enqueue(PROCESS_SYSTEM_HEALTH, { messages: [], urgent: true });
  // @ts-expect-error a word that is not one of the allowed
  await tasks.enqueue(PROCESS_DEVICE_ALERT, { ...calmAlert, severity: 'terrible' });
  // @ts-expect-error parameters of another task, among many
  await tasks.enqueueMany(PROCESS_DEVICE_ALERT, [{ params: alert }, { params: health }]);

  // @ts-expect-error no such task
  await tasks.enqueueByName('process_device_alarm', alert);
  // @ts-expect-error a name that could be anything
  await tasks.enqueueByName(anyName, alert);
  // @ts-expect-error parameters of another task
  await tasks.enqueueByName('process_device_alert', health);
  // @ts-expect-error nothing is there
  await tasks.enqueueByName('process_device_alert', {});
  // @ts-expect-error no such task
  taskNamed('process_device_alarm');
}

// @ts-expect-error a handler that takes the parameters of another task
@Task(PROCESS_DEVICE_ALERT)
export class WrongHandler extends BaseTask<SystemHealthBatchJob> {
  run({ messages }: SystemHealthBatchJob): Promise<void> {
    return Promise.reject(new Error(`${messages.length} messages of another task`));
  }
}

describe('the catalog', () => {
  it('knows the parameters of each name', () => {
    expectTypeOf<ParamsOf<'process_device_alert'>>().toEqualTypeOf<DeviceAlertJob>();
    expectTypeOf<ParamsOf<'process_system_health'>>().toEqualTypeOf<SystemHealthBatchJob>();
    expectTypeOf<TaskName>().not.toEqualTypeOf<string>();
    expectTypeOf(PROCESS_DEVICE_ALERT.name).toEqualTypeOf<'process_device_alert'>();
  });

  it('can be handed over as a list of any tasks', () => {
    const tasks: readonly TaskDefinition[] = [...TASK_CATALOG, testTask('one_of_a_spec')];
    expect(tasks).toHaveLength(TASK_CATALOG.length + 1);
  });

  it('finds each task by its name, and none by another', () => {
    for (const task of TASK_CATALOG) expect(taskNamed(task.name)).toBe(task);
    expect(findTask('process_device_alarm')).toBeUndefined();
    expect(findTask('__proto__')).toBeUndefined();
  });
});
