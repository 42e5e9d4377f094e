import { Injectable } from '@nestjs/common';
import type { Request } from 'express';
import { ANY_ORIGIN, isSameOrigin } from '../network/origin-policy.ts';
import type { Peer } from '../network/peer.ts';
import { Refusal } from '../refusals/refusal.ts';
import { GatewaySettings } from '../settings.ts';

/**
 * Keeps other sites from acting with a visitor's cookie. SameSite=Strict already does in current browsers; this holds
 * without it: what changes state must come as JSON (which another site can only send after asking, and we never allow it)
 * and, where a cookie vouches for it, from an allowed Origin.
 */
@Injectable()
export class CrossSiteGuard {
  private readonly listed: ReadonlySet<string>;

  constructor(settings: GatewaySettings) {
    this.listed = new Set(settings.WEBSOCKET_ALLOWED_ORIGINS.filter((origin) => origin !== ANY_ORIGIN));
  }

  /** @throws Refusal `forbidden` or `unsupportedMediaType`. */
  check(request: Request, peer: Peer, { byCookie }: { byCookie: boolean }): void {
    if (peer.origin === undefined ? byCookie : !this.isAllowed(peer.origin, peer)) {
      throw new Refusal('forbidden', 'Requests with a cookie must come from an allowed page.');
    }
    requireJson(request);
  }

  private isAllowed(origin: string, { target }: Peer): boolean {
    return this.listed.has(origin) || isSameOrigin(origin, target);
  }
}

/** @throws Refusal `unsupportedMediaType` unless the request says that it carries JSON. */
export function requireJson({ headers }: Request): void {
  if (/^application\/json *(?:;|$)/i.test(headers['content-type'] ?? '')) return;
  throw new Refusal('unsupportedMediaType', 'Send JSON, with the header Content-Type: application/json.');
}
