import { Injectable, Logger, type OnModuleDestroy } from '@nestjs/common';
import { WebSocketGateway, type OnGatewayConnection, type OnGatewayInit } from '@nestjs/websockets';
import { SealedSocketAdapter } from '@bus/channel-layer';
import { Metrics, ReadinessRegistry } from '@bus/observability';
import type { DisconnectReason, ExtendedError, Server, Socket } from 'socket.io';
import { Drain } from '../connections/drain.ts';
import { LiveSession } from '../connections/live-session.ts';
import { LiveSessions } from '../connections/live-sessions.ts';
import { measurePings } from '../connections/ping-time.ts';
import { SessionEndings } from '../connections/session-endings.ts';
import { SlowBrowsers } from '../connections/slow-browsers.ts';
import { GroupSubscriptions } from '../groups/group-subscriptions.ts';
import { AnonymousConnections } from '../limits/anonymous-connections.ts';
import { TrustedProxies } from '../network/client-address.ts';
import { peerOf } from '../network/peer.ts';
import { asRefusal } from '../refusals/as-refusal.ts';
import { Refusal } from '../refusals/refusal.ts';
import { ClientEventDispatcher } from './client-event-dispatcher.ts';
import { connectionId } from './connection-id.ts';
import { Handshake, type Admission } from './handshake.ts';
import { InboundThrottle } from './inbound-throttle.ts';

/** How long a refused connection may stay open; a browser closes it itself at once. */
const REFUSED_STAYS_MS = 1_000;

/** Where browsers come in: from the handshake through the life of a socket to its end. */
@Injectable()
@WebSocketGateway()
export class NocGateway implements OnGatewayInit, OnGatewayConnection, OnModuleDestroy {
  private readonly logger = new Logger(NocGateway.name);
  private readonly admissions = new WeakMap<Socket, Admission>();
  /** Connections with a handshake under way or done. A second one on the same connection would be free work for a flooder. */
  private readonly shaken = new WeakSet<Socket['conn']>();
  private attached: Promise<void> | undefined;

  constructor(
    private readonly handshake: Handshake,
    private readonly adapter: SealedSocketAdapter,
    private readonly live: LiveSessions,
    private readonly endings: SessionEndings,
    private readonly slowBrowsers: SlowBrowsers,
    private readonly subscriptions: GroupSubscriptions,
    private readonly dispatcher: ClientEventDispatcher,
    private readonly throttle: InboundThrottle,
    private readonly anonymous: AnonymousConnections,
    private readonly proxies: TrustedProxies,
    private readonly drain: Drain,
    private readonly metrics: Metrics,
    private readonly readiness: ReadinessRegistry,
  ) {}

  afterInit(server: Server): void {
    this.countConnections();
    server.engine.on('connection', (connection: Socket['conn']) => {
      this.drain.watch(connection);
      this.anonymous.opened(
        connection,
        connectionId(connection),
        peerOf(connection.request, this.proxies).address,
      );
    });
    server.use((socket, next) => void this.decide(socket, next));
    this.endings.attach(server);
    this.readiness.register('channel_layer', () =>
      this.adapter.ready ? Promise.resolve() : Promise.reject(new Error('broadcasts do not arrive')),
    );
    this.attached = this.adapter.attach(server);
  }

  /** Resolves when broadcasts arrive; browsers must not be let in before. */
  async whenAttached(): Promise<void> {
    await this.attached;
  }

  handleConnection(socket: Socket): void {
    const admission = this.admissions.get(socket);
    if (admission === undefined) {
      this.logger.error('A socket came in without a handshake; it is disconnected.');
      socket.disconnect(true);
      return;
    }
    const outbound = this.slowBrowsers.watch(socket);
    const live = new LiveSession(socket, admission.authentication, this.throttle.newConnection(), outbound);
    this.live.add(live);
    this.countConnections();
    socket.once('disconnect', (reason) => this.ended(live, reason));
    measurePings(socket.conn, this.metrics.histogram('bus_websocket_ping_rtt_seconds'));
    socket.onAny(
      (event: string, ...parameters: unknown[]) => void this.dispatcher.dispatch(live, event, parameters),
    );
    this.subscriptions.welcome(live, admission.resume).catch((error: unknown) => {
      this.logger.error('A browser could not be brought into its groups.', error);
      live.end('setup_failed');
    });
  }

  async onModuleDestroy(): Promise<void> {
    await this.drain.run();
  }

  /** Lets a browser in, or tells it why not in the `data` of its `connect_error`. Never rejects. */
  private async decide(socket: Socket, next: (error?: ExtendedError) => void): Promise<void> {
    const refusal = await this.refusalOf(socket);
    if (refusal === undefined) return next();
    setTimeout(() => socket.conn.close(), REFUSED_STAYS_MS).unref();
    next(Object.assign(new Error(refusal.reason), { data: refusal.body }));
  }

  private async refusalOf(socket: Socket): Promise<Refusal | undefined> {
    try {
      if (this.shaken.has(socket.conn)) throw new Refusal('malformed', 'One connection has one handshake.');
      this.shaken.add(socket.conn);
      const admission = await this.handshake.admit(socket);
      this.admissions.set(socket, admission);
      this.metrics.counter('bus_websocket_connects_total').inc({ result: 'accepted', reason: 'none' });
      releaseAtEnd(socket, admission);
      return undefined;
    } catch (error) {
      const refusal =
        asRefusal(error) ?? new Refusal('internal', 'The gateway failed. Try again.', { cause: error });
      this.metrics.counter('bus_websocket_connects_total').inc({ result: 'refused', reason: refusal.kind });
      if (refusal.isOurs) this.logger.warn(`Handshake: ${refusal.reason}`, refusal.cause);
      return refusal;
    }
  }
  private ended(live: LiveSession, reason: DisconnectReason): void {
    live.dispose();
    this.live.remove(live.socket.id);
    this.countConnections();
    const cause = live.outbound.isCutOff ? 'slow_browser' : reason.replaceAll(' ', '_');
    this.metrics.counter('bus_websocket_disconnects_total').inc({ reason: live.endedBecause ?? cause });
  }

  private countConnections(): void {
    this.metrics.gauge('bus_websocket_connections').set({ namespace: '/' }, this.live.size);
  }
}

/** A browser may vanish before its handshake is through; then there is no disconnect, only the end of the transport. */
function releaseAtEnd(socket: Socket, { lease }: Admission): void {
  const release = (): void => lease.release();
  socket.once('disconnect', release);
  socket.conn.once('close', release);
  if (socket.conn.readyState !== 'open') release();
}
