import { Inject } from '@nestjs/common';
import { ChannelLayer } from '@bus/channel-layer';
import type {
  GroupBroadcast,
  NocDashboardBroadcast,
  TaskProgressBroadcast,
  TenantBroadcast,
  UserBroadcast,
} from '@bus/channel-layer';
import type { BaseTask } from './base-task.ts';
import { currentTask } from './current-task.ts';

/**
 * What a task says to browsers. Every broadcast carries the id and name of the running task, resolves to whether it was
 * handed over, and never fails the task. Outside tasks `broadcastToWebSocketGroup()` does the same for a group.
 */
export abstract class Broadcasts {
  declare protected readonly channelLayer: ChannelLayer;

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

// TypeScript knows a mixin by this very parameter list: https://www.typescriptlang.org/docs/handbook/mixins.html
// oxlint-disable-next-line typescript/no-explicit-any
type AbstractClass<T> = abstract new (...args: any[]) => T;

/**
 * The class `Base` with the broadcast methods, for a task that already has another base class:
 * `class MonthlyReport extends withBroadcasts(ExternalServiceTask)<MonthlyReportJob>`.
 */
export function withBroadcasts<B extends AbstractClass<BaseTask<never, unknown>>>(
  Base: B,
): B & AbstractClass<Broadcasts> {
  abstract class Broadcasting extends Base {}
  const { constructor: _, ...methods } = Object.getOwnPropertyDescriptors(Broadcasts.prototype);
  Object.defineProperties(Broadcasting.prototype, methods);
  Inject(ChannelLayer)(Broadcasting.prototype, 'channelLayer');
  return Broadcasting as B & AbstractClass<Broadcasts>;
}
