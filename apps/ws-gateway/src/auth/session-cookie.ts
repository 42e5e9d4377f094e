import { parseCookie, stringifySetCookie } from 'cookie';
import type { Peer } from '../network/peer.ts';

/** A browser accepts a `__Host-` cookie only over TLS, for exactly this host and path /: no sibling domain can plant one. */
const SECURE_NAME = '__Host-bus_session';
const PLAIN_NAME = 'bus_session';
const TOKEN_COOKIE = 'ws_token';

/** The cookies this gateway understands, as sent with a request. */
export interface GatewayCookies {
  readonly session: string | undefined;
  readonly token: string | undefined;
}

/** Reads and writes the session cookie; secure in production and wherever TLS is in use. */
export class SessionCookies {
  constructor(private readonly isProduction: boolean) {}

  read(header: string | undefined, peer: Peer): GatewayCookies {
    if (header === undefined) return { session: undefined, token: undefined };
    const cookies = parseCookie(header);
    return { session: cookies[this.name(peer)], token: cookies[TOKEN_COOKIE] };
  }

  /** A `Set-Cookie` header; without a value it removes the cookie. */
  write(peer: Peer, cookie: { value: string; expiresAtMs: number } | undefined): string {
    return stringifySetCookie({
      name: this.name(peer),
      value: cookie?.value ?? '',
      path: '/',
      httpOnly: true,
      sameSite: 'strict',
      secure: this.isSecure(peer),
      expires: new Date(cookie?.expiresAtMs ?? 0),
    });
  }

  private name(peer: Peer): string {
    return this.isSecure(peer) ? SECURE_NAME : PLAIN_NAME;
  }

  private isSecure({ target }: Peer): boolean {
    return this.isProduction || target.isSecure;
  }
}
