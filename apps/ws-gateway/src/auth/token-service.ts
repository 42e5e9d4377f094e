import { randomUUID } from 'node:crypto';
import { Logger } from '@nestjs/common';
import {
  errors,
  jwtVerify,
  SignJWT,
  type JWTPayload,
  type JWTVerifyOptions,
  type ProtectedHeaderParameters,
} from 'jose';
import { Refusal } from '../refusals/refusal.ts';
import type { Principal } from './principal.ts';
import { readClaims, type TokenClaims } from './token-claims.ts';
import type { TokenKeys } from './token-keys.ts';

export interface TokenRules {
  readonly issuer: string;
  readonly audience: string;
  readonly lifetimeSeconds: number;
}

export interface TokenBirth {
  readonly principal: Principal;
  readonly sessionId: string;
  readonly sessionEpoch: number;
  readonly fingerprint: string;
  /** A token never outlives the session it comes from. Milliseconds since 1970. */
  readonly notAfterMs: number;
}

export interface IssuedToken {
  readonly token: string;
  /** ISO 8601. */
  readonly expiresAt: string;
}

/** Longer than any token of ours or of an identity provider; what is longer is not even decoded. */
export const MAX_TOKEN_LENGTH = 4096;
/** How far two clocks may differ. */
export const CLOCK_LEEWAY_SECONDS = 60;
/** Header fields by which a token would bring its own key, or point to one. */
const KEY_SMUGGLING_HEADERS = ['jku', 'jwk', 'x5u', 'x5c'] as const;

/** Issues and checks the short-lived tokens a browser opens its socket with. */
export class TokenService {
  private readonly logger = new Logger(TokenService.name);
  private readonly options: JWTVerifyOptions;

  constructor(
    private readonly keys: TokenKeys,
    private readonly rules: TokenRules,
  ) {
    this.options = {
      algorithms: [...keys.algorithms],
      issuer: rules.issuer,
      audience: rules.audience,
      clockTolerance: CLOCK_LEEWAY_SECONDS,
      requiredClaims: ['iss', 'aud', 'exp', 'sub'],
    };
  }

  /** False when tokens come from an identity provider; then a login gives a session cookie only. */
  get canIssue(): boolean {
    return this.keys.signing !== undefined;
  }

  /** @throws Error when this gateway does not issue tokens. */
  async issue({
    principal,
    sessionId,
    sessionEpoch,
    fingerprint,
    notAfterMs,
  }: TokenBirth): Promise<IssuedToken> {
    const { signing, algorithms } = this.keys;
    if (signing === undefined)
      throw new Error('This gateway only checks tokens; set JWT_SECRET to issue them.');
    const nowSeconds = Math.floor(Date.now() / 1000);
    const expires = Math.min(nowSeconds + this.rules.lifetimeSeconds, Math.floor(notAfterMs / 1000));
    const { username, role, tenantId } = principal;
    const token = await new SignJWT({
      username,
      role,
      tenant_id: tenantId,
      sid: sessionId,
      sep: sessionEpoch,
      cnf: { fp: fingerprint },
    })
      .setProtectedHeader({ alg: algorithms[0] ?? 'HS256', typ: 'JWT' })
      .setSubject(String(principal.id))
      .setIssuer(this.rules.issuer)
      .setAudience(this.rules.audience)
      .setIssuedAt(nowSeconds)
      .setExpirationTime(expires)
      .setJti(randomUUID())
      .sign(signing);
    return { token, expiresAt: new Date(expires * 1000).toISOString() };
  }

  /** @throws Refusal `unauthenticated` for any token not to be believed; `unavailable` when the key server is away. */
  async verify(token: string): Promise<TokenClaims> {
    if (token.length > MAX_TOKEN_LENGTH) {
      throw new Refusal('unauthenticated', `The token is longer than ${MAX_TOKEN_LENGTH} characters.`);
    }
    const { payload, protectedHeader } = await this.verified(token);
    const smuggled = KEY_SMUGGLING_HEADERS.find((name) => name in protectedHeader);
    const claims = smuggled === undefined ? readClaims(payload) : undefined;
    if (claims === undefined) throw new Refusal('unauthenticated', 'The token is not valid here.');
    return claims;
  }

  private async verified(
    token: string,
  ): Promise<{ payload: JWTPayload; protectedHeader: ProtectedHeaderParameters }> {
    try {
      // The two forms of the second parameter are separate overloads.
      const { verification } = this.keys;
      return typeof verification === 'function'
        ? await jwtVerify(token, verification, this.options)
        : await jwtVerify(token, verification, this.options);
    } catch (cause) {
      if (cause instanceof errors.JWTExpired) {
        throw new Refusal('unauthenticated', 'The token has expired.', { cause });
      }
      if (isKeyServerAway(cause)) {
        this.logger.warn(`The keys to check tokens with cannot be fetched: ${String(cause)}`);
        throw new Refusal('unavailable', 'Tokens cannot be checked right now. Try again.', { cause });
      }
      this.logger.debug(`Token refused: ${String(cause)}`);
      throw new Refusal('unauthenticated', 'The token is not valid.', { cause });
    }
  }
}

/** A failed fetch of the key set: a network error, a time-out, or an answer that is no key set. Everything else is the token's fault. */
function isKeyServerAway(error: unknown): boolean {
  return (
    !(error instanceof errors.JOSEError) ||
    error instanceof errors.JWKSTimeout ||
    error.code === 'ERR_JOSE_GENERIC'
  );
}
