import type { Socket } from 'socket.io';

interface EnginePacket {
  readonly type: string;
}

/** Observes the round trip of every transport heartbeat, in seconds. */
export function measurePings(
  connection: Socket['conn'],
  histogram: { observe(seconds: number): void },
): void {
  let sentAtMs: number | undefined;
  connection.on('packetCreate', ({ type }: EnginePacket) => {
    if (type === 'ping') sentAtMs = performance.now();
  });
  connection.on('packet', ({ type }: EnginePacket) => {
    if (type !== 'pong' || sentAtMs === undefined) return;
    histogram.observe((performance.now() - sentAtMs) / 1000);
    sentAtMs = undefined;
  });
}
