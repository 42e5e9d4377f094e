import type { Socket as NetSocket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { Injectable, Logger } from '@nestjs/common';
import { ReadinessRegistry } from '@bus/observability';
import type { Socket } from 'socket.io';
import { GatewaySettings } from '../settings.ts';
import type { LiveSession } from './live-session.ts';
import { LiveSessions } from './live-sessions.ts';

/** So that a thousand browsers do not come to the other gateways in one wave. */
const SLICES = 10;

/** How long a browser may take to answer the closing handshake. */
const GOODBYE_MS = 2_000;
const LOOK_EVERY_MS = 20;

/** Empties a gateway that is about to stop. */
@Injectable()
export class Drain {
  private readonly logger = new Logger(Drain.name);
  private readonly open = new Set<NetSocket>();

  constructor(
    private readonly live: LiveSessions,
    private readonly readiness: ReadinessRegistry,
    private readonly settings: GatewaySettings,
  ) {}

  /**
   * Turns newcomers away, tells everybody (`server_draining {reconnect_within_ms}`), then closes the transports slice by
   * slice. A transport that closes is for a browser the sign to connect again by itself, to another gateway, and resume.
   * Resolves when no connection is left; those who do not answer the goodbye are torn down.
   */
  async run(): Promise<void> {
    this.readiness.setDraining();
    const sessions = this.live.all();
    if (sessions.length > 0) await this.closeInSlices(sessions);
    await this.tearDownRest();
  }

  /** Remembers a connection until its TCP connection has ended, which for a slow browser is long after Socket.IO let go of it. */
  watch({ request: { socket } }: Socket['conn']): void {
    this.open.add(socket);
    socket.once('close', () => this.open.delete(socket));
  }

  private async closeInSlices(sessions: readonly LiveSession[]): Promise<void> {
    const drainMs = this.settings.GATEWAY_DRAIN_MS;
    this.logger.log(`Closing ${sessions.length} sockets within ${drainMs} ms.`);
    for (const { socket } of sessions) socket.emit('server_draining', { reconnect_within_ms: drainMs });
    const sliceSize = Math.ceil(sessions.length / SLICES);
    const sliceCount = Math.ceil(sessions.length / sliceSize);
    for (let slice = 0; slice < sliceCount; slice += 1) {
      const begin = slice * sliceSize;
      // The close waits for what is written already.
      for (const { socket } of sessions.slice(begin, begin + sliceSize)) socket.conn.close();
      if (slice + 1 < sliceCount) await pause(drainMs / SLICES);
    }
  }

  private async tearDownRest(): Promise<void> {
    const deadline = performance.now() + GOODBYE_MS;
    while (this.open.size > 0 && performance.now() < deadline) await pause(LOOK_EVERY_MS);
    for (const socket of this.open) socket.destroy();
  }
}
