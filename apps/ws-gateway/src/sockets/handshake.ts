import { Injectable } from '@nestjs/common';
import { isStaff } from '@bus/database';
import { Metrics, ReadinessRegistry } from '@bus/observability';
import { RuntimeSettings } from '@bus/platform';
import type { Socket } from 'socket.io';
import { AuthService } from '../auth/auth.service.ts';
import type { DeviceTraits } from '../auth/device-fingerprint.ts';
import type { Authentication, Principal } from '../auth/principal.ts';
import { SessionCookies } from '../auth/session-cookie.ts';
import { AnonymousConnections } from '../limits/anonymous-connections.ts';
import { ConnectionLeases, type Lease } from '../limits/connection-leases.ts';
import { bearerToken } from '../network/bearer-token.ts';
import { TrustedProxies } from '../network/client-address.ts';
import { OriginPolicy } from '../network/origin-policy.ts';
import { peerOf, type Peer } from '../network/peer.ts';
import { isRefusal, Refusal } from '../refusals/refusal.ts';
import { LimitSettings } from '../settings.ts';
import { connectionId } from './connection-id.ts';
import {
  readHandshake,
  refuseQueryCredentials,
  type HandshakeRequest,
  type ResumePosition,
} from './handshake-request.ts';

/** A browser that may come in. */
export interface Admission {
  readonly authentication: Authentication;
  readonly resume: readonly ResumePosition[];
  /** Its place among the connections of its user. */
  readonly lease: Lease;
}

type Credential =
  | { readonly kind: 'token'; readonly value: string }
  | { readonly kind: 'token_cookie' | 'session_cookie'; readonly value: string };

/**
 * Decides at the door, in this order: stopping? credential in the address? Origin? form of the handshake? who is it?
 * how many of them are here already? The first credential found counts, in the order auth.token, Authorization header,
 * cookie ws_token, session cookie; a bad one is not made good by a better one behind it.
 */
@Injectable()
export class Handshake {
  constructor(
    private readonly auth: AuthService,
    private readonly cookies: SessionCookies,
    private readonly origins: OriginPolicy,
    private readonly proxies: TrustedProxies,
    private readonly anonymous: AnonymousConnections,
    private readonly leases: ConnectionLeases,
    private readonly limits: LimitSettings,
    private readonly runtime: RuntimeSettings,
    private readonly readiness: ReadinessRegistry,
    private readonly metrics: Metrics,
  ) {}

  /** @throws Refusal that says why not. */
  async admit(socket: Socket): Promise<Admission> {
    if (this.readiness.isDraining)
      throw new Refusal('unavailable', 'This gateway is about to stop. Connect again.');
    refuseQueryCredentials(Object.keys(socket.handshake.query));
    const peer = peerOf(socket.request, this.proxies);
    const origin = this.origins.check(peer.origin, peer.target);
    if (origin === 'refused') throw new Refusal('forbidden', 'Pages of this origin may not connect.');
    const request = readHandshake(socket.handshake);
    const credential = this.findCredential(request, socket, peer);
    if (origin === 'missing' && credential !== undefined && credential.kind !== 'token') {
      throw new Refusal(
        'forbidden',
        'A cookie is only accepted together with the Origin of an allowed page.',
      );
    }
    const authentication = await this.identify(credential, { ...request, peer }, socket);
    return {
      authentication,
      resume: request.resume,
      lease: await this.takePlace(authentication.principal, socket),
    };
  }

  private findCredential({ token }: HandshakeRequest, socket: Socket, peer: Peer): Credential | undefined {
    const value = token ?? bearerToken(socket.handshake.headers.authorization);
    if (value !== undefined) return { kind: 'token', value };
    const cookies = this.cookies.read(socket.handshake.headers.cookie, peer);
    if (cookies.token) return { kind: 'token_cookie', value: cookies.token };
    if (cookies.session) return { kind: 'session_cookie', value: cookies.session };
    return undefined;
  }

  private async identify(
    credential: Credential | undefined,
    { deviceId, peer }: { deviceId: string | undefined; peer: Peer },
    socket: Socket,
  ): Promise<Authentication> {
    try {
      const device = { deviceId, userAgent: peer.userAgent, address: peer.address };
      const authentication = await this.authenticate(credential, device);
      this.anonymous.identified(connectionId(socket.conn));
      return authentication;
    } catch (error) {
      if (!isRefusal(error) || error.kind !== 'unauthenticated') throw error;
      const hadCredential = credential !== undefined;
      if (await this.anonymous.refused(connectionId(socket.conn), { hadCredential })) throw error;
      this.metrics.counter('bus_websocket_rate_limited_total').inc({ scope: 'ip' });
      throw new Refusal('tooMany', 'Too many anonymous connections from this address.');
    }
  }

  private authenticate(credential: Credential | undefined, device: DeviceTraits): Promise<Authentication> {
    switch (credential?.kind) {
      case undefined:
        return Promise.reject(new Refusal('unauthenticated', 'Log in first.'));
      case 'session_cookie':
        return this.auth.authenticateSession(credential.value, device);
      case 'token':
      case 'token_cookie':
        return this.auth.authenticateToken(credential.value, device, credential.kind);
    }
  }

  private async takePlace({ id, role }: Principal, socket: Socket): Promise<Lease> {
    const limit = isStaff(role)
      ? this.limits.WEBSOCKET_MAX_PER_STAFF_USER
      : this.limits.WEBSOCKET_MAX_PER_USER;
    let lease: Lease | null;
    try {
      lease = await this.leases.acquire(
        { scope: 'user', limit },
        id,
        `${this.runtime.INSTANCE_ID}:${socket.id}`,
      );
    } catch (cause) {
      throw new Refusal('unavailable', 'Connections cannot be counted right now. Try again.', { cause });
    }
    if (lease !== null) return lease;
    this.metrics.counter('bus_websocket_rate_limited_total').inc({ scope: 'user' });
    throw new Refusal('tooMany', `You have ${limit} connections open already.`);
  }
}
