import { Inject } from '@nestjs/common';
import { ChannelLayer } from '@bus/channel-layer';
import type {
  GroupBroadcast,
  NocDashboardBroadcast,
  TaskProgressBroadcast,
  TenantBroadcast,
  UserBroadcast,
} from '@bus/channel-layer';
import { BaseTask } from './base-task.ts';
import { currentTask } from './current-task.ts';

/**
 * A task that speaks to browsers. Every broadcast carries the id and name of the running task, resolves to whether it was
 * handed over, and never fails the task.
 */
export abstract class BroadcastTask<P extends object, R = void> extends BaseTask<P, R> {
  @Inject(ChannelLayer) protected readonly channelLayer!: ChannelLayer;

  protected broadcastToGroup(broadcast: GroupBroadcast): Promise<boolean> {
    return this.channelLayer.broadcastToGroup({ ...currentTask(), ...broadcast });
  }

  /** Many at once, in order, in one round trip. */
  protected broadcastMany(broadcasts: readonly GroupBroadcast[]): Promise<boolean[]> {
    const task = currentTask();
    return this.channelLayer.broadcastMany(broadcasts.map((broadcast) => ({ ...task, ...broadcast })));
  }

  protected broadcastToUser(broadcast: UserBroadcast): Promise<boolean> {
    return this.channelLayer.broadcastToUser({ ...currentTask(), ...broadcast });
  }

  protected broadcastToTenant(broadcast: TenantBroadcast): Promise<boolean> {
    return this.channelLayer.broadcastToTenant({ ...currentTask(), ...broadcast });
  }

  protected broadcastToNocDashboard(broadcast: NocDashboardBroadcast): Promise<boolean> {
    return this.channelLayer.broadcastToNocDashboard({ ...currentTask(), ...broadcast });
  }

  protected broadcastTaskProgress(
    broadcast: Omit<TaskProgressBroadcast, 'taskId' | 'taskName'>,
  ): Promise<boolean> {
    const { taskId, taskName } = currentTask() ?? { taskName: this.constructor.name };
    return this.channelLayer.broadcastTaskProgress({
      ...broadcast,
      taskName,
      ...(taskId === undefined ? {} : { taskId }),
    });
  }
}
