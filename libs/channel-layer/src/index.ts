export { nocAlertBroadcast, nocAlertUpdate, ownerAlertBroadcasts } from './alerts/alert-broadcasts.ts';
export type {
  BroadcastContent,
  BroadcastTarget,
  GroupBroadcast,
  NocDashboardBroadcast,
  TaskProgressBroadcast,
  TenantBroadcast,
  UserBroadcast,
} from './broadcast/broadcast.ts';
export { ChannelCore, type ChannelKeys, type ChannelOptions } from './channel-core.ts';
export type { ChannelLayerHealth } from './channel-layer-health.ts';
export { ChannelLayerModule, type ChannelLayerModuleOptions } from './channel-layer.module.ts';
export { ChannelLayer } from './channel-layer.ts';
export {
  broadcastToWebSocketGroup,
  checkChannelLayerHealth,
  useChannelLayer,
} from './default-channel-layer.ts';
export { GAP_EVENT, localOutput, type GapNotice, type GroupOutput } from './feed/group-output.ts';
export { GroupHistory } from './history/group-history.ts';
export { DEFAULT_EVENT_ID_TTL_MS, type GroupLogOptions } from './history/group-log.ts';
export type { GapReason, GroupPosition, HistoryResult, LatestEvents } from './history/group-position.ts';
export {
  BROADCAST_OUTBOX,
  type BroadcastOutbox,
  type KeptBroadcast,
  type UndeliveredBroadcast,
} from './outbox/broadcast-outbox.ts';
export { OutboxRelay, type OutboxRelayOptions } from './outbox/outbox-relay.ts';
export type { ReplayGuardOptions } from './seal/replay-guard.ts';
export { ValueSealer, type OpenedValue } from './seal/value-sealer.ts';
export { createSealedEmitter } from './sealed-redis/sealed-emitter.ts';
export type { GroupRequest, GroupResult } from './socket/group-result.ts';
export { ResumeCoordinator } from './socket/resume-coordinator.ts';
export { SealedSocketAdapter, type SealedSocketAdapterOptions } from './socket/sealed-socket-adapter.ts';
