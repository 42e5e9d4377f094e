import { Logger } from '@nestjs/common';
import type { GroupBroadcast } from './broadcast/broadcast.ts';
import type { ChannelLayerHealth } from './channel-layer-health.ts';
import type { ChannelLayer } from './channel-layer.ts';

const logger = new Logger('broadcastToWebSocketGroup');
let current: ChannelLayer | undefined;

/** Makes the plain functions below use this channel layer. `ChannelLayerModule` does it when it starts. */
export function useChannelLayer(layer: ChannelLayer | undefined): void {
  current = layer;
}

/**
 * Broadcasts from code that has no `ChannelLayer` injected. Same promises as `ChannelLayer.broadcastToGroup`;
 * false, with an error in the log, in a process without `ChannelLayerModule`.
 */
export async function broadcastToWebSocketGroup(broadcast: GroupBroadcast): Promise<boolean> {
  if (current !== undefined) return current.broadcastToGroup(broadcast);
  logger.error('There is no channel layer in this process: import ChannelLayerModule in its module');
  return false;
}

/** `ChannelLayer.checkHealth` of this process. */
export async function checkChannelLayerHealth(): Promise<ChannelLayerHealth> {
  if (current !== undefined) return current.checkHealth();
  return { healthy: false, latencyMs: 0, reason: 'there is no channel layer in this process' };
}
