/** What is known about the way to the gateway. Every state but `live` and `connecting` knows since when it is stale. */
export type Link =
  | { readonly kind: 'connecting' }
  | { readonly kind: 'live' }
  /** The socket is open, yet the gateway does not answer. */
  | { readonly kind: 'silent' }
  /** A new sign-in is being fetched for a connection that was fine; over in an instant, unless something is wrong. */
  | { readonly kind: 'renewing'; readonly startedAt: number }
  | { readonly kind: 'waiting'; readonly retryAt: number; readonly why: string }
  | { readonly kind: 'retrying'; readonly why: string };

export interface ConnectionState {
  readonly link: Link;
  /** When the gateway last proved to be there (an answer or an event); null before the first time. */
  readonly aliveAt: number | null;
  readonly roundTripMs: number | null;
  /** Add to this computer's clock to get the gateway's. */
  readonly clockOffsetMs: number;
  /** The last time a lost connection came back. */
  readonly resumed: Resumption | null;
  /** Tries since the connection was last good. */
  readonly attempt: number;
}

export interface Resumption {
  readonly at: number;
  /** Missed events the gateway sent before going on live. */
  readonly replayed: number;
}

export type ConnectionAction =
  | { readonly type: 'connect_started' }
  | {
      readonly type: 'subscribed';
      readonly now: number;
      readonly serverTime: number | null;
      readonly replayed: number;
    }
  | {
      readonly type: 'heartbeat_answered';
      readonly now: number;
      readonly roundTripMs: number;
      readonly serverTime: number | null;
    }
  | { readonly type: 'heartbeat_missed' }
  /** The connection has held long enough to be called good. */
  | { readonly type: 'settled' }
  | { readonly type: 'event_heard'; readonly now: number }
  | { readonly type: 'renewal_started'; readonly now: number }
  | { readonly type: 'lost'; readonly retryAt: number; readonly why: string }
  | { readonly type: 'signed_out' };

export const initialConnectionState: ConnectionState = {
  link: { kind: 'connecting' },
  aliveAt: null,
  roundTripMs: null,
  clockOffsetMs: 0,
  resumed: null,
  attempt: 0,
};

export function reduceConnection(state: ConnectionState, action: ConnectionAction): ConnectionState {
  switch (action.type) {
    case 'connect_started':
      return state.link.kind === 'waiting'
        ? { ...state, link: { kind: 'retrying', why: state.link.why } }
        : state;
    case 'subscribed':
      return {
        ...state,
        link: { kind: 'live' },
        aliveAt: action.now,
        clockOffsetMs: action.serverTime === null ? state.clockOffsetMs : action.serverTime - action.now,
        resumed:
          state.aliveAt === null || (state.link.kind === 'renewing' && action.replayed === 0)
            ? null
            : { at: action.now, replayed: action.replayed },
      };
    case 'heartbeat_answered':
      return {
        ...state,
        link: state.link.kind === 'silent' ? { kind: 'live' } : state.link,
        aliveAt: action.now,
        roundTripMs: action.roundTripMs,
        // The answer was written about half a round trip ago.
        clockOffsetMs:
          action.serverTime === null
            ? state.clockOffsetMs
            : action.serverTime + action.roundTripMs / 2 - action.now,
      };
    case 'heartbeat_missed':
      return state.link.kind === 'live' ? { ...state, link: { kind: 'silent' }, roundTripMs: null } : state;
    case 'settled':
      return state.attempt === 0 ? state : { ...state, attempt: 0 };
    case 'event_heard':
      return {
        ...state,
        aliveAt: action.now,
        link: state.link.kind === 'silent' ? { kind: 'live' } : state.link,
      };
    case 'renewal_started':
      return { ...state, link: { kind: 'renewing', startedAt: action.now } };
    case 'lost':
      return {
        ...state,
        link: { kind: 'waiting', retryAt: action.retryAt, why: action.why },
        attempt: state.attempt + 1,
        roundTripMs: null,
        resumed: null,
      };
    case 'signed_out':
      return initialConnectionState;
  }
}
