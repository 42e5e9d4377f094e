import type { Socket } from 'socket.io';
import type { Authentication, Principal } from '../auth/principal.ts';
import { CLOCK_LEEWAY_SECONDS } from '../auth/token-service.ts';
import type { OutboundBuffer } from './outbound-buffer.ts';
import type { MessageWindow } from '../limits/message-window.ts';
import { SESSION_ENDS, type SessionEndedEvent, type SessionEndReason } from './session-end.ts';

/** setTimeout counts in 32 bits; a session may be longer than 24 days. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** One connected browser, and everything this gateway holds for it. */
export class LiveSession {
  endedBecause: SessionEndReason | undefined;
  private expiry: NodeJS.Timeout | undefined;

  constructor(
    readonly socket: Socket,
    readonly authentication: Authentication,
    readonly inbound: MessageWindow,
    readonly outbound: OutboundBuffer,
  ) {
    this.endWhenExpired();
  }

  get principal(): Principal {
    return this.authentication.principal;
  }

  /** Says why and disconnects. The browser must not come back by itself with the same credential. */
  end(reason: SessionEndReason): void {
    if (this.endedBecause !== undefined) return;
    this.endedBecause = reason;
    const notice: SessionEndedEvent = { code: SESSION_ENDS[reason], reason };
    this.socket.emit('session_ended', notice);
    this.socket.disconnect(true);
  }

  /** Lets go of what would outlive the socket. */
  dispose(): void {
    clearTimeout(this.expiry);
  }

  private endWhenExpired(): void {
    const { expiresAtMs, via } = this.authentication;
    const untilExpiry = expiresAtMs - Date.now();
    // A token that was already past its time came in on the leeway for clocks that differ; it ends with the leeway.
    const delayMs = untilExpiry > 0 ? untilExpiry : untilExpiry + CLOCK_LEEWAY_SECONDS * 1000;
    if (delayMs > MAX_TIMER_MS) {
      this.expiry = setTimeout(() => this.endWhenExpired(), MAX_TIMER_MS).unref();
      return;
    }
    const reason = via === 'session_cookie' ? 'session_expired' : 'token_expired';
    this.expiry = setTimeout(() => this.end(reason), Math.max(0, delayMs)).unref();
  }
}
