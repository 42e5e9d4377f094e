import type { SessionUser } from '../wire/wire-types.ts';

export type SessionState =
  | { readonly kind: 'checking' }
  /** Whether there is a session cannot be told, because the gateway does not answer. */
  | { readonly kind: 'unreachable'; readonly retryAt: number; readonly attempt: number }
  | { readonly kind: 'signed_out'; readonly reason: string | null }
  | { readonly kind: 'signed_in'; readonly user: SessionUser };

export type SessionAction =
  | { readonly type: 'check_started' }
  | { readonly type: 'check_failed'; readonly retryAt: number; readonly attempt: number }
  | { readonly type: 'signed_in'; readonly user: SessionUser }
  | { readonly type: 'signed_out'; readonly reason: string | null };

export const initialSessionState: SessionState = { kind: 'checking' };

export function reduceSession(state: SessionState, action: SessionAction): SessionState {
  switch (action.type) {
    case 'check_started':
      return state.kind === 'unreachable' ? state : { kind: 'checking' };
    case 'check_failed':
      return { kind: 'unreachable', retryAt: action.retryAt, attempt: action.attempt };
    case 'signed_in':
      return { kind: 'signed_in', user: action.user };
    case 'signed_out':
      return { kind: 'signed_out', reason: action.reason };
  }
}
