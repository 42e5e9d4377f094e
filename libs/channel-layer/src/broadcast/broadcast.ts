import type { BroadcastPriority, EventType } from '@bus/payload-schemas';

/** What every broadcast carries, whoever it is for. */
export interface BroadcastContent {
  /** Name of the Socket.IO event the browser receives. */
  readonly messageType: EventType;
  /** JSON object handed to the browser untouched. What JSON cannot hold makes the broadcast fail (returns false). */
  readonly data: object;
  /** Default `normal`. Only a `critical` broadcast is kept for later when Redis is away. */
  readonly priority?: BroadcastPriority;
  /**
   * Makes the broadcast idempotent per group: a second one with the same id within the id's lifetime
   * (default one hour) publishes nothing and still returns true.
   */
  readonly eventId?: string;
  readonly taskId?: string;
  readonly taskName?: string;
}

export interface GroupBroadcast extends BroadcastContent {
  readonly groupName: string;
}

export interface UserBroadcast extends BroadcastContent {
  readonly userId: number | string;
}

export interface TenantBroadcast extends BroadcastContent {
  readonly tenantId: number | string;
}

/** To `noc_client_{clientId}` when a client is given, to `noc_dashboard` otherwise. */
export interface NocDashboardBroadcast extends BroadcastContent {
  readonly clientId?: number | string;
}

export interface TaskProgressBroadcast {
  readonly userId: number | string;
  readonly taskName: string;
  /** Percent. Clamped to 0..100; not a number counts as 0. */
  readonly progress: number;
  readonly status?: string;
  readonly message?: string;
  readonly taskId?: string;
  /** Default `low`: the next progress event makes this one uninteresting. */
  readonly priority?: BroadcastPriority;
}

/** Which door a broadcast came through; the `target` label of the broadcast metrics. */
export type BroadcastTarget = 'group' | 'user' | 'tenant' | 'noc_dashboard' | 'task_progress';
