import { USER_ROLES, isStaff, type UserRole } from '@bus/database';
import type { JWTPayload } from 'jose';

/** What a token says, after its signature, issuer, audience and times were found good. */
export interface TokenClaims {
  readonly userId: number;
  readonly username: string;
  readonly role: UserRole;
  readonly tenantId: number | null;
  readonly tokenId: string | undefined;
  readonly sessionId: string | undefined;
  readonly sessionEpoch: number | undefined;
  readonly fingerprint: string | undefined;
  readonly expiresAtMs: number;
}

/**
 * The claims of a payload, or undefined when one is missing or impossible.
 *
 * Claims: `sub` user id in decimal, `username`, `role`, `tenant_id` (integer, or null for staff), `exp`; optional `jti`,
 * `sid` (login session), `sep` (session epoch), `cnf.fp` (device fingerprint).
 */
export function readClaims(payload: JWTPayload): TokenClaims | undefined {
  const { sub, exp, jti } = payload;
  const { username, role, tenant_id: tenantId = null, sid, sep, cnf } = payload;
  if (typeof sub !== 'string' || !/^[1-9]\d{0,9}$/.test(sub)) return undefined;
  if (typeof exp !== 'number' || !Number.isFinite(exp)) return undefined;
  if (!isText(username, 150) || !isRole(role)) return undefined;
  if (tenantId !== null && !isId(tenantId)) return undefined;
  if (isStaff(role) !== (tenantId === null)) return undefined;
  if (!isOptional(jti, isName) || !isOptional(sid, isName) || !isOptional(sep, isInteger)) return undefined;
  const fingerprint = isObject(cnf) ? cnf['fp'] : undefined;
  if (!isOptional(fingerprint, isName)) return undefined;
  return {
    userId: Number(sub),
    username,
    role,
    tenantId,
    tokenId: jti,
    sessionId: sid,
    sessionEpoch: sep,
    fingerprint,
    expiresAtMs: exp * 1000,
  };
}

function isRole(value: unknown): value is UserRole {
  return USER_ROLES.some((role) => role === value);
}

function isInteger(value: unknown): value is number {
  return Number.isSafeInteger(value);
}

function isId(value: unknown): value is number {
  return isInteger(value) && value > 0;
}

function isText(value: unknown, maxLength: number): value is string {
  return typeof value === 'string' && value.length > 0 && value.length <= maxLength;
}

function isName(value: unknown): value is string {
  return isText(value, 200);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

function isOptional<T>(value: unknown, test: (value: unknown) => value is T): value is T | undefined {
  return value === undefined || test(value);
}
