import type { IncomingMessage } from 'node:http';
import type { INestApplication } from '@nestjs/common';
import { ReadinessRegistry } from '@bus/observability';
import { IoAdapter } from '@nestjs/platform-socket.io';
import type { Server, ServerOptions } from 'socket.io';
import { AnonymousConnections } from '../limits/anonymous-connections.ts';
import { TrustedProxies } from '../network/client-address.ts';
import { peerOf } from '../network/peer.ts';
import { LimitSettings } from '../settings.ts';

/** A message of a browser is a few hundred bytes; the note of an alert may have two thousand characters. */
const MAX_MESSAGE_BYTES = 64 * 1024;
/** A connection that says nothing after it was opened is closed. */
const CONNECT_WITHIN_MS = 5_000;

/**
 * Socket.IO as this gateway runs it: WebSocket only, so a browser may be on any gateway without sticky sessions; no
 * compression, which costs memory per connection and lets a small message become a large one.
 */
export class GatewayIoAdapter extends IoAdapter {
  constructor(private readonly app: INestApplication) {
    super(app);
  }

  override createIOServer(port: number, options?: Partial<ServerOptions>): Server {
    const limits = this.app.get(LimitSettings);
    const settings: Partial<ServerOptions> = {
      ...options,
      transports: ['websocket'],
      allowUpgrades: false,
      allowEIO3: false,
      serveClient: false,
      cookie: false,
      perMessageDeflate: false,
      httpCompression: false,
      maxHttpBufferSize: MAX_MESSAGE_BYTES,
      connectTimeout: CONNECT_WITHIN_MS,
      pingInterval: limits.WEBSOCKET_PING_INTERVAL_MS,
      pingTimeout: limits.WEBSOCKET_PING_TIMEOUT_MS,
      allowRequest: (request, decide) => decide(null, this.mayOpen(request)),
    };
    return super.createIOServer(port, settings as ServerOptions);
  }

  /**
   * What is refused here gets no reason, but a browser tries again by itself, unlike after a refused handshake: right for
   * a gateway that is about to stop, and for an address that opens connections faster than it identifies itself.
   */
  private mayOpen(request: IncomingMessage): boolean {
    if (this.app.get(ReadinessRegistry).isDraining) return false;
    const { address } = peerOf(request, this.app.get(TrustedProxies));
    return this.app.get(AnonymousConnections).hasRoomFor(address);
  }
}
