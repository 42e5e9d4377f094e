import { isRecord, readAlert, readAnswer, readUser } from '../wire/wire-guards.ts';
import type { AlertStatus, AlertView, SessionUser } from '../wire/wire-types.ts';
import { deviceId } from './device-id.ts';

const REQUEST_TIMEOUT_MS = 10_000;

/** The gateway answered, with a refusal. `status` is the HTTP status; 401 means "sign in again". */
export class GatewayRefusal extends Error {
  override readonly name = 'GatewayRefusal';
  constructor(
    readonly status: number,
    readonly reason: string,
  ) {
    super(reason);
  }
}

/** The gateway did not answer: no network, nobody listening, or too slow. */
export class GatewayUnreachable extends Error {
  override readonly name = 'GatewayUnreachable';
}

/** What a login or a renewal yields. */
export interface IssuedToken {
  /** Null where the gateway issues no tokens of its own; then the session cookie alone opens every door. */
  readonly token: string | null;
  readonly expiresAtMs: number;
  readonly user: SessionUser;
}

export interface AlertPage {
  readonly alerts: readonly AlertView[];
  /** Entries this page could not read at all. */
  readonly unreadable: number;
  readonly nextCursor: string | null;
}

export async function login(username: string, password: string): Promise<IssuedToken> {
  return readToken(await request('POST', '/auth/login', { body: { username, password } }));
}

/** A fresh token for the session cookie; refused with 401 when there is no session any more. */
export async function renewToken(): Promise<IssuedToken> {
  return readToken(await request('POST', '/auth/token', { body: {} }));
}

export async function logout(): Promise<void> {
  await request('POST', '/auth/logout', { body: {} });
}

export async function fetchAlertPage(
  query: { status: AlertStatus; limit: number; cursor: string | null },
  token: string | null,
): Promise<AlertPage> {
  const search = new URLSearchParams({ status: query.status, limit: String(query.limit) });
  if (query.cursor !== null) search.set('cursor', query.cursor);
  const body = await request('GET', `/api/alerts?${search.toString()}`, { token });
  if (!isRecord(body) || !Array.isArray(body.alerts)) throw unexpected('/api/alerts');
  const alerts = body.alerts.flatMap((item) => readAlert(item) ?? []);
  const cursor = body.next_cursor;
  return {
    alerts,
    unreadable: body.alerts.length - alerts.length,
    nextCursor: typeof cursor === 'string' && cursor !== '' ? cursor : null,
  };
}

async function request(
  method: 'GET' | 'POST',
  path: string,
  { body, token = null }: { body?: unknown; token?: string | null },
): Promise<unknown> {
  // The device id binds the token to this browser; it must be the one the socket handshake sends.
  const headers: Record<string, string> = { Accept: 'application/json', 'X-Device-Id': deviceId() };
  if (body !== undefined) headers['Content-Type'] = 'application/json';
  if (token !== null) headers.Authorization = `Bearer ${token}`;
  const response = await fetch(path, {
    method,
    headers,
    credentials: 'same-origin',
    cache: 'no-store',
    signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  }).catch((cause: unknown) => {
    throw new GatewayUnreachable('The gateway does not answer.', { cause });
  });
  const content = await readBody(response);
  if (response.ok) return content;
  const answer = readAnswer(content);
  throw new GatewayRefusal(response.status, answer.ok ? `HTTP ${response.status}` : answer.reason);
}

/** The JSON of an answer, or undefined when there is none: an intermediate may answer with a page of its own. */
async function readBody(response: Response): Promise<unknown> {
  const text = await response.text().catch((cause: unknown) => {
    throw new GatewayUnreachable('The answer of the gateway broke off.', { cause });
  });
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

function readToken(body: unknown): IssuedToken {
  const user = isRecord(body) ? readUser(body.user) : null;
  if (!isRecord(body) || user === null) throw unexpected('the login');
  if (typeof body.token !== 'string') return { token: null, expiresAtMs: Number.POSITIVE_INFINITY, user };
  return { token: body.token, expiresAtMs: readTime(body.expires_at), user };
}

/** An unreadable expiry counts as expired: asking for one more token is cheaper than being refused. */
function readTime(value: unknown): number {
  if (typeof value === 'number') return value < 1e11 ? value * 1000 : value;
  const parsed = typeof value === 'string' ? Date.parse(value) : Number.NaN;
  return Number.isNaN(parsed) ? 0 : parsed;
}

function unexpected(what: string): GatewayUnreachable {
  return new GatewayUnreachable(`The answer to ${what} was not what this page expects; reload the page.`);
}
