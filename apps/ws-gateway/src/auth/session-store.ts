import { createHash, randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { redisKeys } from '@bus/platform';
import { GatewayRedis } from '../limits/gateway-redis.ts';
import type { Principal } from './principal.ts';

/** One login. */
export interface Session {
  /** Hash of the cookie: names the session in tokens and logs, opens nothing. */
  readonly sessionId: string;
  readonly principal: Principal;
  readonly sessionEpoch: number;
  readonly fingerprint: string;
  /** Milliseconds since 1970. */
  readonly expiresAtMs: number;
}

/** 32 random bytes, base64url. */
const COOKIE_VALUE = /^[A-Za-z0-9_-]{43}$/;

/** Logins in Redis. The cookie is random and opaque; only its hash is stored, so a leak of Redis logs nobody in. */
@Injectable()
export class SessionStore {
  constructor(private readonly redis: GatewayRedis) {}

  /** Opens a session and returns the value for its cookie, which exists nowhere else. */
  async open(session: Omit<Session, 'sessionId'>): Promise<{ cookieValue: string; session: Session }> {
    const cookieValue = randomBytes(32).toString('base64url');
    const opened: Session = { ...session, sessionId: hashOf(cookieValue) };
    await this.redis.connection.set(
      redisKeys.session(opened.sessionId),
      JSON.stringify(opened),
      'PXAT',
      Math.ceil(opened.expiresAtMs),
    );
    return { cookieValue, session: opened };
  }

  /** The session of a cookie, or null when there is none, it is over, or the value was not made here. */
  async find(cookieValue: string): Promise<Session | null> {
    if (!COOKIE_VALUE.test(cookieValue)) return null;
    const stored = await this.redis.connection.get(redisKeys.session(hashOf(cookieValue)));
    if (stored === null) return null;
    const session = JSON.parse(stored) as Session;
    return session.expiresAtMs > Date.now() ? session : null;
  }

  async exists(sessionId: string): Promise<boolean> {
    return (await this.redis.connection.exists(redisKeys.session(sessionId))) === 1;
  }

  /** Ends it; every token that came from it is void from now on. */
  async close(sessionId: string): Promise<void> {
    await this.redis.connection.del(redisKeys.session(sessionId));
  }
}

function hashOf(cookieValue: string): string {
  return createHash('sha256').update(cookieValue).digest('base64url');
}
