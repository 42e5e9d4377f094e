import { Inject, Injectable, Logger } from '@nestjs/common';
import { AuditLog, UserQueries, type AuditEntry, type UserAccount } from '@bus/database';
import { Metrics } from '@bus/observability';
import { WorkGate } from '../limits/work-gate.ts';
import { isRefusal, Refusal } from '../refusals/refusal.ts';
import { AuthSettings } from '../settings.ts';
import { DeviceFingerprints, type DeviceTraits } from './device-fingerprint.ts';
import { LoginThrottle, usernameHash } from './login-throttle.ts';
import type { Authentication } from './principal.ts';
import { RevokedTokens } from './revoked-tokens.ts';
import { SessionStore, type Session } from './session-store.ts';
import { TokenService, type IssuedToken } from './token-service.ts';
import { UserDirectory } from './user-directory.ts';

/** Hashing a password takes 32 MB and a quarter of a second. */
const PASSWORD_CHECKS = { running: 2, waiting: 16 };

export interface Login {
  readonly cookieValue: string;
  readonly session: Session;
  /** Absent when an identity provider issues the tokens. */
  readonly token: IssuedToken | undefined;
}

/** Who is who: logins, tokens, sessions, and what ends them. Every refusal is a `Refusal`. */
@Injectable()
export class AuthService {
  private readonly logger = new Logger(AuthService.name);
  private readonly passwordChecks = new WorkGate(PASSWORD_CHECKS);

  constructor(
    private readonly settings: AuthSettings,
    private readonly tokens: TokenService,
    private readonly sessions: SessionStore,
    private readonly revoked: RevokedTokens,
    private readonly fingerprints: DeviceFingerprints,
    private readonly directory: UserDirectory,
    private readonly throttle: LoginThrottle,
    private readonly users: UserQueries,
    private readonly audit: AuditLog,
    @Inject(Metrics) private readonly metrics: Metrics,
  ) {}

  /** Opens a session for a user name and password. Unknown name, wrong password and inactive account look the same. */
  async login(username: string, password: string, device: DeviceTraits): Promise<Login> {
    const takeBack = await this.countTry(device.address, username);
    const account = await this.checkPassword(username, password);
    if (account === null) {
      this.metrics.counter('bus_auth_logins_total').inc({ result: 'failure' });
      await this.record({
        actorUserId: null,
        action: 'login_failed',
        ...subjectOf(username),
        ...from(device),
      });
      throw new Refusal('unauthenticated', 'User name or password is wrong.');
    }
    const { cookieValue, session } = await orUnavailable(
      this.sessions.open({
        principal: {
          id: account.id,
          username: account.username,
          role: account.role,
          tenantId: account.tenantId,
        },
        sessionEpoch: account.sessionEpoch,
        fingerprint: this.fingerprints.of(device),
        expiresAtMs: Date.now() + this.settings.SESSION_LIFETIME_SECONDS * 1000,
      }),
    );
    await orUnavailable(takeBack());
    this.metrics.counter('bus_auth_logins_total').inc({ result: 'success' });
    await this.record({
      actorUserId: account.id,
      action: 'logged_in',
      ...aboutUser(session),
      ...from(device),
    });
    return { cookieValue, session, token: await this.issueFor(session, device) };
  }

  /** A new token for a session, or undefined when an identity provider issues the tokens. */
  async issueFor(session: Session, device: DeviceTraits): Promise<IssuedToken | undefined> {
    if (!this.tokens.canIssue) return undefined;
    return this.tokens.issue({
      principal: session.principal,
      sessionId: session.sessionId,
      sessionEpoch: session.sessionEpoch,
      fingerprint: this.fingerprints.of(device),
      notAfterMs: session.expiresAtMs,
    });
  }

  /** The session behind a cookie, its user confirmed. */
  async session(cookieValue: string, device: DeviceTraits): Promise<Session> {
    const session = await orUnavailable(this.sessions.find(cookieValue));
    if (session === null) throw new Refusal('unauthenticated', 'The session is over. Log in again.');
    this.checkBinding(session.fingerprint, device);
    await this.directory.confirm({ ...session.principal, sessionEpoch: session.sessionEpoch });
    return session;
  }

  async authenticateSession(cookieValue: string, device: DeviceTraits): Promise<Authentication> {
    const { principal, sessionId, sessionEpoch, expiresAtMs } = await this.session(cookieValue, device);
    return { principal, via: 'session_cookie', sessionId, tokenId: undefined, sessionEpoch, expiresAtMs };
  }

  async authenticateToken(
    token: string,
    device: DeviceTraits,
    via: 'token' | 'token_cookie' = 'token',
  ): Promise<Authentication> {
    const claims = await this.tokens.verify(token);
    const { tokenId, sessionId, sessionEpoch, expiresAtMs } = claims;
    this.checkBinding(claims.fingerprint, device);
    if (!(await orUnavailable(this.isAlive({ sessionId, tokenId })))) {
      throw new Refusal('unauthenticated', 'The token was revoked.');
    }
    const { userId: id, username, role, tenantId } = claims;
    const principal = await this.directory.confirm({ id, username, role, tenantId, sessionEpoch });
    return { principal, via, sessionId, tokenId, sessionEpoch, expiresAtMs };
  }

  /** Whether the login behind a credential still stands: its session is open and its token not revoked. Rejects when Redis is away. */
  async isAlive({ sessionId, tokenId }: Pick<Authentication, 'sessionId' | 'tokenId'>): Promise<boolean> {
    const [isOpen, isRevoked] = await Promise.all([
      sessionId === undefined || this.sessions.exists(sessionId),
      tokenId !== undefined && this.revoked.has(tokenId),
    ]);
    return isOpen && !isRevoked;
  }

  /** Voids the session, the presented token, and with the session every token that came from it. */
  async logout({ principal, sessionId, tokenId, expiresAtMs }: Authentication): Promise<void> {
    if (sessionId !== undefined) await orUnavailable(this.sessions.close(sessionId));
    if (tokenId !== undefined) await orUnavailable(this.revoked.add(tokenId, expiresAtMs));
    await this.record({ actorUserId: principal.id, action: 'logged_out', ...aboutUser({ principal }) });
  }

  private async countTry(address: string, username: string): Promise<() => Promise<void>> {
    try {
      return await orUnavailable(this.throttle.countTry(address, username));
    } catch (error) {
      if (isRefusal(error) && error.kind === 'tooMany') {
        this.metrics.counter('bus_auth_logins_total').inc({ result: 'rate_limited' });
      }
      throw error;
    }
  }

  private async checkPassword(username: string, password: string): Promise<UserAccount | null> {
    const check = this.passwordChecks.run(() => this.users.authenticate(username, password));
    const outcome = await orUnavailable(check);
    if (outcome === 'full') {
      throw new Refusal('tooMany', 'Many people are logging in. Try again in a few seconds.', {
        retryAfterSeconds: 5,
      });
    }
    return outcome.done !== null && this.directory.isAdmitted(outcome.done) ? outcome.done : null;
  }

  private checkBinding(fingerprint: string | undefined, device: DeviceTraits): void {
    const verdict = this.fingerprints.check(
      fingerprint,
      device,
      this.settings.WEBSOCKET_TOKEN_BINDING_STRICT,
    );
    if (verdict === 'bound') return;
    throw new Refusal(
      'unauthenticated',
      verdict === 'missing' ? 'The token is not bound to a device.' : 'The token belongs to another device.',
    );
  }

  /** A login must not fail because its audit line could not be written; that it could not is told. */
  private async record(entry: AuditEntry): Promise<void> {
    try {
      await this.audit.record(entry);
    } catch (error) {
      this.logger.error(`The audit line "${entry.action}" could not be written: ${String(error)}`);
    }
  }
}

/** A backend that is away is not the visitor's fault and passes; anything expected stays what it is. */
async function orUnavailable<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (cause) {
    if (isRefusal(cause)) throw cause;
    throw new Refusal('unavailable', 'Logins cannot be checked right now. Try again.', { cause });
  }
}

function subjectOf(username: string): Pick<AuditEntry, 'subjectType' | 'subjectId'> {
  return { subjectType: 'login_name', subjectId: `sha256:${usernameHash(username)}` };
}

function aboutUser({ principal }: Pick<Session, 'principal'>): Omit<AuditEntry, 'actorUserId' | 'action'> {
  return { subjectType: 'user', subjectId: String(principal.id), tenantId: principal.tenantId };
}

function from({ address }: DeviceTraits): Pick<AuditEntry, 'details'> {
  return { details: { address } };
}
