import { Logger } from '@nestjs/common';
import { nocDashboardGroup } from '@bus/payload-schemas';
import type {
  BroadcastContent,
  BroadcastTarget,
  GroupBroadcast,
  NocDashboardBroadcast,
  TaskProgressBroadcast,
  TenantBroadcast,
  UserBroadcast,
} from './broadcast/broadcast.ts';
import { InvalidBroadcastError } from './broadcast/envelope-codec.ts';
import { GroupPublisher, prepare, type PreparedBroadcast } from './broadcast/group-publisher.ts';
import { taskProgressData } from './broadcast/task-progress.ts';
import type { ChannelCore } from './channel-core.ts';
import { probeChannelLayer, type ChannelLayerHealth } from './channel-layer-health.ts';
import type { BroadcastOutbox } from './outbox/broadcast-outbox.ts';
import { ThrottledLog } from './throttled-log.ts';

/**
 * Broadcasts events to browsers, from any process.
 *
 * Every method resolves to whether Redis took the event: sealed, in the history of its group, and published.
 * From then on each browser of the group gets it exactly once and in order, or is told of a gap. None of them
 * ever rejects, and none takes longer than about three seconds. False may also mean that Redis took it without
 * being able to say so; a `critical` event is then kept in the outbox and sent again under the same event id.
 */
export class ChannelLayer {
  readonly #core: ChannelCore;
  readonly #publisher: GroupPublisher;
  readonly #outbox: BroadcastOutbox | undefined;
  readonly #logger = new Logger(ChannelLayer.name);
  readonly #warnings = new ThrottledLog(this.#logger);

  constructor(core: ChannelCore, outbox?: BroadcastOutbox) {
    this.#core = core;
    this.#publisher = new GroupPublisher(core);
    this.#outbox = outbox;
  }

  broadcastToGroup(broadcast: GroupBroadcast): Promise<boolean> {
    return this.#broadcast('group', broadcast.groupName, broadcast);
  }

  /** To every screen of one user: group `user_{id}`. */
  broadcastToUser(broadcast: UserBroadcast): Promise<boolean> {
    return this.#broadcast('user', `user_${broadcast.userId}`, broadcast);
  }

  /** To everyone of one tenant: group `tenant_{id}`. */
  broadcastToTenant(broadcast: TenantBroadcast): Promise<boolean> {
    return this.#broadcast('tenant', `tenant_${broadcast.tenantId}`, broadcast);
  }

  /** To the operations centre: group `noc_client_{id}` when a client is given, `noc_dashboard` otherwise. */
  broadcastToNocDashboard(broadcast: NocDashboardBroadcast): Promise<boolean> {
    const { clientId } = broadcast;
    const group = clientId === undefined ? nocDashboardGroup() : `noc_client_${clientId}`;
    return this.#broadcast('noc_dashboard', group, broadcast);
  }

  /** Event `task_progress` to one user. The progress is clamped to 0..100; not a number counts as 0. */
  broadcastTaskProgress(broadcast: TaskProgressBroadcast): Promise<boolean> {
    const { userId, taskId, taskName } = broadcast;
    return this.#broadcast('task_progress', `user_${userId}`, {
      messageType: 'task_progress',
      data: taskProgressData(broadcast),
      priority: broadcast.priority ?? 'low',
      taskName,
      ...(taskId === undefined ? {} : { taskId }),
    });
  }

  /** Several groups at once, sent in the order given without waiting in between. Results in the same order. */
  broadcastMany(broadcasts: readonly GroupBroadcast[]): Promise<boolean[]> {
    return Promise.all(broadcasts.map((broadcast) => this.broadcastToGroup(broadcast)));
  }

  /** Sends a probe through the whole way (seal, history, read, open) and says how long it took. Never rejects. */
  checkHealth(): Promise<ChannelLayerHealth> {
    return probeChannelLayer(this.#core);
  }

  async #broadcast(target: BroadcastTarget, groupName: string, content: BroadcastContent): Promise<boolean> {
    const startedAt = performance.now();
    const prepared = prepare(target, groupName, content);
    let handedOver = true;
    try {
      await this.#publisher.publish(prepared);
    } catch (error) {
      handedOver = false;
      await this.#giveUp(prepared, error);
    }
    const seconds = (performance.now() - startedAt) / 1_000;
    this.#core.metrics.broadcast(target, prepared.priority, handedOver, seconds);
    return handedOver;
  }

  async #giveUp(broadcast: PreparedBroadcast, error: unknown): Promise<void> {
    const { messageType, eventId } = broadcast;
    if (error instanceof InvalidBroadcastError) {
      this.#logger.error(`A broadcast can never be sent: ${error.message}`);
    } else if (broadcast.priority !== 'critical' || eventId === undefined) {
      this.#warnings.warn('lost', `'${messageType}' was not broadcast: ${String(error)}`);
    } else {
      await this.#keep({ ...broadcast, eventId }, error);
    }
  }

  async #keep(broadcast: Parameters<BroadcastOutbox['keep']>[0], cause: unknown): Promise<void> {
    const { messageType } = broadcast;
    try {
      if (this.#outbox === undefined) throw new Error('this process has no broadcast outbox');
      await this.#outbox.keep(broadcast);
      this.#core.metrics.outboxKept('kept');
      this.#warnings.warn('kept', `'${messageType}' is kept until Redis is back: ${String(cause)}`);
    } catch (error) {
      this.#core.metrics.outboxKept('lost');
      this.#logger.error(
        `Critical '${messageType}' was neither broadcast (${String(cause)}) nor kept (${String(error)})`,
      );
    }
  }
}
