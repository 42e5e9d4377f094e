import { REFUSAL, type RefusalCode } from '../refusals/refusal.ts';

/**
 * Why the gateway ends a live socket, with the code a browser would get for the same thing at the door. Told in the
 * event `session_ended {code, reason}` right before the disconnect.
 */
export const SESSION_ENDS = {
  token_expired: REFUSAL.unauthenticated,
  session_expired: REFUSAL.unauthenticated,
  /** Logged out, here or on another screen; or the token was revoked. */
  logged_out: REFUSAL.unauthenticated,
  /** Deactivated, new password, other role or tenant. */
  account_changed: REFUSAL.unauthenticated,
  /** Went on sending after being told to stop. */
  too_many_messages: REFUSAL.tooMany,
  /** The gateway could not set the connection up; connect again. */
  setup_failed: REFUSAL.unavailable,
} as const satisfies Record<string, RefusalCode>;

export type SessionEndReason = keyof typeof SESSION_ENDS;

export interface SessionEndedEvent {
  readonly code: RefusalCode;
  readonly reason: SessionEndReason;
}
