import type { UserRole } from '@bus/database';

/** Someone who has proved who they are. Wire form: the `user` of a login answer and of `subscribed`. */
export interface Principal {
  readonly id: number;
  readonly username: string;
  readonly role: UserRole;
  /** Null exactly for staff. */
  readonly tenantId: number | null;
}

export interface PrincipalView {
  readonly id: number;
  readonly username: string;
  readonly role: string;
  readonly tenant_id: number | null;
}

export function principalView({ id, username, role, tenantId }: Principal): PrincipalView {
  return { id, username, role, tenant_id: tenantId };
}

/** How a principal proved who they are, and until when it holds. */
export interface Authentication {
  readonly principal: Principal;
  /** A cookie is sent by the browser on its own, so what comes with one must also prove where it comes from. */
  readonly via: 'token' | 'token_cookie' | 'session_cookie';
  /** Public name of the login session, if there is one; ends everything that came from the same login. */
  readonly sessionId: string | undefined;
  readonly tokenId: string | undefined;
  /** Value of the user's session epoch at login; a raised epoch ends it. */
  readonly sessionEpoch: number | undefined;
  /** Milliseconds since 1970. */
  readonly expiresAtMs: number;
}
