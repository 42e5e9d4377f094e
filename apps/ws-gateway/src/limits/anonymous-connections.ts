import { Injectable, Logger } from '@nestjs/common';
import { RuntimeSettings } from '@bus/platform';
import type { Socket } from 'socket.io';
import { anonymousPeer } from '../network/client-address.ts';
import { LimitSettings } from '../settings.ts';
import { ConnectionLeases, type Lease, type LeaseRule } from './connection-leases.ts';

/**
 * How long a connection without any credential keeps its place after it was refused. Without it, knocking as fast as one
 * likes would never reach the limit. One with a bad credential keeps its place only while it is open: twenty tabs with an
 * expired token behind one address must learn that they have to log in, not that they have to wait.
 */
const LINGER_MS = 10_000;
/** Connections of one address that have not identified themselves yet, beyond which no more are even upgraded. */
const MAX_PENDING = 100;

interface Pending {
  readonly peer: string;
  /** Undefined: the limit is reached. Null: it could not be asked. */
  readonly place: Promise<Lease | undefined | null>;
  /** How long the place is kept after the connection has closed. */
  lingerMs: number;
}

/**
 * Counts connections that have not proved who they are. Somebody with a good credential is never turned away because of
 * strangers behind the same address.
 */
@Injectable()
export class AnonymousConnections {
  private readonly logger = new Logger(AnonymousConnections.name);
  private readonly rule: LeaseRule;
  private readonly pending = new Map<string, Pending>();
  private readonly pendingPerPeer = new Map<string, number>();

  constructor(
    private readonly leases: ConnectionLeases,
    private readonly runtime: RuntimeSettings,
    limits: LimitSettings,
  ) {
    this.rule = { scope: 'anonymous', limit: limits.WEBSOCKET_MAX_ANONYMOUS_PER_IP };
  }

  /** Whether this gateway may open one more connection for the address at all. */
  hasRoomFor(address: string): boolean {
    return (this.pendingPerPeer.get(anonymousPeer(address)) ?? 0) < MAX_PENDING;
  }

  /** A connection was opened; nothing is known of it but its address. */
  opened(connection: Socket['conn'], connectionId: string, address: string): void {
    const peer = anonymousPeer(address);
    this.pending.set(connectionId, { peer, place: this.takePlace(peer, connectionId), lingerMs: 0 });
    this.pendingPerPeer.set(peer, (this.pendingPerPeer.get(peer) ?? 0) + 1);
    connection.once('close', () => this.ended(connectionId));
  }

  /** The connection has proved who it is and counts for its user from now on. */
  identified(connectionId: string): void {
    this.ended(connectionId);
  }

  /** The connection was refused. Resolves with false when its address had too many of that kind already. */
  async refused(connectionId: string, { hadCredential }: { hadCredential: boolean }): Promise<boolean> {
    const pending = this.pending.get(connectionId);
    if (pending === undefined) return true;
    if (!hadCredential) pending.lingerMs = LINGER_MS;
    return (await pending.place) !== undefined;
  }

  private async takePlace(peer: string, connectionId: string): Promise<Lease | undefined | null> {
    try {
      const member = `${this.runtime.INSTANCE_ID}:${connectionId}`;
      return (await this.leases.acquire(this.rule, peer, member)) ?? undefined;
    } catch (error) {
      this.logger.debug(`Anonymous connections cannot be counted: ${String(error)}`);
      return null;
    }
  }

  private ended(connectionId: string): void {
    const pending = this.pending.get(connectionId);
    if (pending === undefined) return;
    this.pending.delete(connectionId);
    const left = (this.pendingPerPeer.get(pending.peer) ?? 1) - 1;
    if (left === 0) this.pendingPerPeer.delete(pending.peer);
    else this.pendingPerPeer.set(pending.peer, left);
    void pending.place.then((lease) => lease?.release(pending.lingerMs));
  }
}
