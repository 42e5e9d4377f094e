import { nocDashboardGroup, tenantGroup, userGroup } from '@bus/payload-schemas';
import type { EventType, GroupName } from '@bus/payload-schemas';
import { BroadcastTask, Task, TaskClient } from '@bus/task-base';
import { FAN_OUT_ALERT, NOTIFY_GUARD } from './alert-tasks.ts';
import type { FanOutAlertJob } from './fan-out-alert.job.ts';
import { OnCallList } from './on-call-list.ts';

/** One alert to the operations centre, the tenant, every supervisor on call, and a task for every guard nearby. */
@Task(FAN_OUT_ALERT)
export class FanOutAlert extends BroadcastTask<FanOutAlertJob, { shown: number; guards: number }> {
  constructor(
    private readonly onCall: OnCallList,
    private readonly tasks: TaskClient,
  ) {
    super();
  }

  async run(alert: FanOutAlertJob): Promise<{ shown: number; guards: number }> {
    const { supervisorIds, guardIds } = await this.onCall.of(alert.tenant_id);
    const to = (groupName: GroupName, messageType: EventType) => ({
      groupName,
      messageType,
      data: alert,
      priority: 'critical' as const,
      eventId: `${messageType}-${alert.alert_id}`, // a second run shows nothing twice
    });
    const handedOver = await this.broadcastMany([
      to(nocDashboardGroup(), 'critical_alert'),
      to(tenantGroup(alert.tenant_id), 'tenant_alert'),
      ...supervisorIds.map((id) => to(userGroup(id), 'supervisor_alert')),
    ]);
    await this.tasks.enqueueMany(
      NOTIFY_GUARD,
      guardIds.map((guard_id) => ({
        params: { alert_id: alert.alert_id, guard_id },
        jobId: `${alert.alert_id}.${guard_id}`, // nor does it send a guard twice
      })),
    );
    return { shown: handedOver.filter(Boolean).length, guards: guardIds.length };
  }
}
