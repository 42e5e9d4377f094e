import type { Store } from '../state/store.ts';
import { retryDelayMs } from '../connection/retry-delay.ts';
import * as api from './gateway-api.ts';
import { GatewayRefusal, type IssuedToken } from './gateway-api.ts';
import type { SessionAction, SessionState } from './session-store.ts';

/** A token this close to its end is renewed first. */
const EXPIRY_MARGIN_MS = 30_000;

/** Shown when the gateway says a session that was good is over. */
export const SESSION_OVER = 'Your session has ended. Sign in again; the alerts are still there.';

/**
 * Who is signed in. The session itself is an HttpOnly cookie this page cannot read; the short-lived token lives in
 * this object only, so a reload asks for a new one and nothing secret is ever stored.
 */
export class Session {
  private issued: IssuedToken | null = null;
  private renewal: Promise<IssuedToken> | null = null;
  private retry: ReturnType<typeof setTimeout> | null = null;

  constructor(private readonly store: Store<SessionState, SessionAction>) {}

  /** Continues the session of the cookie, if there is one. Retries by itself while the gateway is away. */
  async restore(attempt = 1): Promise<void> {
    if (this.retry) clearTimeout(this.retry);
    this.store.dispatch({ type: 'check_started' });
    try {
      this.enter(await api.renewToken());
    } catch (error) {
      if (error instanceof GatewayRefusal && isFinal(error.status)) {
        this.store.dispatch({ type: 'signed_out', reason: error.status === 401 ? null : error.reason });
        return;
      }
      const delay = retryDelayMs(attempt);
      this.store.dispatch({ type: 'check_failed', retryAt: Date.now() + delay, attempt });
      this.retry = setTimeout(() => void this.restore(attempt + 1), delay);
    }
  }

  /** Signs in, or returns what to tell the user. */
  async login(username: string, password: string): Promise<string | null> {
    try {
      this.enter(await api.login(username, password));
      return null;
    } catch (error) {
      if (!(error instanceof GatewayRefusal)) {
        return 'The gateway does not answer. Check the network and try again.';
      }
      if (error.status === 401) return 'User name or password is wrong.';
      if (error.status === 429) return `Too many attempts. ${error.reason}`;
      return `Sign-in was refused: ${error.reason}`;
    }
  }

  /**
   * A token that is good for a while. `isStale` asks for a new one although the clock says the old one is good.
   * Throws GatewayRefusal (401: the session is over) or GatewayUnreachable.
   */
  async freshToken({ isStale = false } = {}): Promise<string | null> {
    const { issued } = this;
    if (issued && !isStale && issued.expiresAtMs - Date.now() > EXPIRY_MARGIN_MS) return issued.token;
    this.renewal ??= api.renewToken().finally(() => {
      this.renewal = null;
    });
    this.issued = await this.renewal;
    return this.issued.token;
  }

  /** Ends the session here; `reason` is shown on the login page. */
  leave(reason: string | null): void {
    this.issued = null;
    this.store.dispatch({ type: 'signed_out', reason });
  }

  async logout(): Promise<void> {
    try {
      await api.logout();
      this.leave(null);
    } catch (error) {
      const isOver = error instanceof GatewayRefusal && error.status === 401;
      this.leave(
        isOver
          ? null
          : 'The gateway did not confirm the sign-out. Close the browser if others use this computer.',
      );
    }
  }

  private enter(issued: IssuedToken): void {
    this.issued = issued;
    this.store.dispatch({ type: 'signed_in', user: issued.user });
  }
}

/** Whether asking again would bring the same answer. */
function isFinal(status: number): boolean {
  return status < 500 && status !== 408 && status !== 429;
}
