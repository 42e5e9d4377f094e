import type { ChannelCore } from './channel-core.ts';
import { ReadOrder } from './history/read-order.ts';

export interface ChannelLayerHealth {
  readonly healthy: boolean;
  /** Time of the probe, also of one that failed. */
  readonly latencyMs: number;
  /** What went wrong, when something did. */
  readonly reason?: string;
}

/** No browser can join this group: it is none that `parseGroupName` knows. */
const PROBE_GROUP = 'channel_layer_health';

/** Writes a sealed probe into a history of its own and reads it back: what a PING would not notice, this does. */
export async function probeChannelLayer(core: ChannelCore): Promise<ChannelLayerHealth> {
  const startedAt = performance.now();
  const latencyMs = (): number => performance.now() - startedAt;
  try {
    const envelope = JSON.stringify({ type: 'probe', group: PROBE_GROUP });
    const { offset } = await core.log.append(PROBE_GROUP, (channel) => core.sealer.seal(channel, envelope));
    const page = await core.reader.readAfter(PROBE_GROUP, offset - 1, { limit: 1, order: new ReadOrder() });
    if (page.events[0]?.offset === offset) return { healthy: true, latencyMs: latencyMs() };
    return { healthy: false, latencyMs: latencyMs(), reason: 'the probe was taken but cannot be read back' };
  } catch (error) {
    return { healthy: false, latencyMs: latencyMs(), reason: String(error) };
  }
}
