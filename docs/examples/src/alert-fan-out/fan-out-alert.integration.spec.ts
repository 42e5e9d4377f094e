import { nocDashboardGroup, tenantGroup, userGroup } from '@bus/payload-schemas';
import type { GroupName } from '@bus/payload-schemas';
import { BaseTask, Task } from '@bus/task-base';
import { waitFor } from '@bus/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startExampleWorker } from '../example-worker.fixture.ts';
import type { ExampleWorker } from '../example-worker.fixture.ts';
import { FAN_OUT_ALERT, NOTIFY_GUARD } from './alert-tasks.ts';
import type { FanOutAlertJob, NotifyGuardJob } from './fan-out-alert.job.ts';
import { FanOutAlert } from './fan-out-alert.task.ts';
import { OnCallList } from './on-call-list.ts';

const notified: number[] = [];
const fannedOut: object[] = [];

@Task(FAN_OUT_ALERT)
class WatchedFanOut extends FanOutAlert {
  override async run(alert: FanOutAlertJob): ReturnType<FanOutAlert['run']> {
    const outcome = await super.run(alert);
    fannedOut.push(outcome);
    return outcome;
  }
}

@Task(NOTIFY_GUARD)
class NotifyGuard extends BaseTask<NotifyGuardJob> {
  run({ guard_id }: NotifyGuardJob): Promise<void> {
    notified.push(guard_id);
    return Promise.resolve();
  }
}

class NightShift extends OnCallList {
  of(): ReturnType<OnCallList['of']> {
    return Promise.resolve({ supervisorIds: [11, 12], guardIds: [21, 22, 23] });
  }
}

describe('fan_out_alert', () => {
  const groups = [nocDashboardGroup(), tenantGroup(4), userGroup(11), userGroup(12)];
  const alert = { alert_id: 900, tenant_id: 4, message: 'Window broken at gate 2' };
  let worker: ExampleWorker;

  beforeEach(async () => {
    const providers = [WatchedFanOut, NotifyGuard, { provide: OnCallList, useClass: NightShift }];
    worker = await startExampleWorker([FAN_OUT_ALERT, NOTIFY_GUARD], providers, groups);
  });
  afterEach(() => worker.close());

  it('tells everyone once, also when it runs twice', { timeout: 60_000 }, async () => {
    await worker.tasks.enqueue(FAN_OUT_ALERT, alert, { jobId: 'first' });
    await worker.tasks.enqueue(FAN_OUT_ALERT, alert, { jobId: 'second' });
    await waitFor(() => fannedOut.length === 2 && notified.length >= 3, { timeoutMs: 30_000 });

    const typesOf = async (group: GroupName) => (await worker.eventsOf(group)).map(({ type }) => type);
    expect(fannedOut).toEqual([
      { shown: 4, guards: 3 },
      { shown: 4, guards: 3 },
    ]);
    expect(await Promise.all(groups.map(typesOf))).toEqual([
      ['critical_alert'],
      ['tenant_alert'],
      ['supervisor_alert'],
      ['supervisor_alert'],
    ]);
    expect(notified.toSorted((a, b) => a - b)).toEqual([21, 22, 23]);
    const [event] = await worker.eventsOf(tenantGroup(4));
    expect(event).toMatchObject({ data: alert, priority: 'critical', task_name: 'fan_out_alert' });
    expect(worker.deadLetters).toEqual([]);
  });
});
