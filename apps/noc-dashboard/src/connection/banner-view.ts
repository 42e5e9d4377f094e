import { formatTime } from '../layout/time-text.ts';
import type { Completeness } from '../alerts/alert-store.ts';
import type { ConnectionState, Resumption } from './connection-store.ts';

/** How long "resumed" stays on screen before it becomes plain "live". */
export const RESUMED_SHOWN_MS = 8_000;
/** A renewed sign-in that takes longer than this is a lost connection. */
const RENEWAL_GRACE_MS = 3_000;

/** The four things an operator must be able to tell apart, plus the moment before the first connection. */
export type BannerState = 'connecting' | 'live' | 'reconnecting' | 'stale' | 'resumed';

export interface BannerView {
  readonly state: BannerState;
  readonly title: string;
  readonly detail: string;
  /** The list may no longer be what is true; it is greyed and nothing can be changed. */
  readonly isStale: boolean;
}

/** What the banner says. One place decides it, so the banner, the greyed list and the page title cannot disagree. */
export function bannerView(connection: ConnectionState, completeness: Completeness, now: number): BannerView {
  const { link, aliveAt } = connection;
  const since = aliveAt === null ? '' : ` · stale since ${formatTime(aliveAt)}`;
  switch (link.kind) {
    case 'connecting':
      return { state: 'connecting', title: 'Connecting', detail: 'to the gateway…', isStale: false };
    case 'waiting': {
      const seconds = Math.max(0, Math.ceil((link.retryAt - now) / 1000));
      return {
        state: 'reconnecting',
        title: `Reconnecting in ${seconds} s${since}`,
        detail: `${link.why} The list shows the last known state.`,
        isStale: true,
      };
    }
    case 'retrying':
      return {
        state: 'reconnecting',
        title: `Reconnecting now${since}`,
        detail: `${link.why} The list shows the last known state.`,
        isStale: true,
      };
    case 'renewing':
      if (now - link.startedAt < RENEWAL_GRACE_MS) {
        return { state: 'live', title: 'Live', detail: 'Renewing the sign-in…', isStale: false };
      }
      return {
        state: 'reconnecting',
        title: `Reconnecting now${since}`,
        detail: 'Renewing the sign-in takes long. The list shows the last known state.',
        isStale: true,
      };
    case 'silent':
      return {
        state: 'stale',
        title: `Stale since ${formatTime(aliveAt ?? now)}`,
        detail:
          'The gateway does not answer although the connection is open. The list shows the last known state.',
        isStale: true,
      };
    case 'live':
      return connectedView(connection, completeness, now);
  }
}

function connectedView(connection: ConnectionState, completeness: Completeness, now: number): BannerView {
  const { resumed } = connection;
  const isResumedShown = resumed !== null && now - resumed.at < RESUMED_SHOWN_MS;
  if (completeness.kind === 'needed' && completeness.failure !== null) {
    return {
      state: 'stale',
      title: 'Connected, but the list may be incomplete',
      detail: `Loading the open alerts failed: ${completeness.failure} It is tried again by itself.`,
      isStale: true,
    };
  }
  if (completeness.kind !== 'complete') {
    return {
      state: isResumedShown ? 'resumed' : 'live',
      title: isResumedShown ? 'Resumed' : 'Live',
      detail:
        completeness.reason === 'first_load'
          ? 'Loading the open alerts…'
          : 'The list may have missed something. Loading all open alerts again…',
      isStale: false,
    };
  }
  if (isResumedShown) {
    return {
      state: 'resumed',
      title: 'Resumed',
      detail: resumedDetail(resumed, completeness),
      isStale: false,
    };
  }
  if (completeness.reason !== 'first_load' && now - completeness.loadedAt < RESUMED_SHOWN_MS) {
    return {
      state: 'live',
      title: 'Live',
      detail: 'The list may have missed something, so all open alerts were loaded again. It is complete.',
      isStale: false,
    };
  }
  const roundTrip =
    connection.roundTripMs === null ? 'measuring…' : `${connection.roundTripMs} ms round trip`;
  const checked = connection.aliveAt === null ? '' : ` · checked ${formatTime(connection.aliveAt)}`;
  return { state: 'live', title: 'Live', detail: `${roundTrip}${checked}`, isStale: false };
}

function resumedDetail(
  resumed: Resumption,
  completeness: Extract<Completeness, { kind: 'complete' }>,
): string {
  if (completeness.reason !== 'first_load' && completeness.loadedAt >= resumed.at) {
    return 'The history did not reach far enough, so all open alerts were loaded again. The list is complete.';
  }
  if (resumed.replayed === 0) return 'Nothing was missed. The list is complete.';
  const events = resumed.replayed === 1 ? 'event was' : 'events were';
  return `${resumed.replayed} missed ${events} replayed. The list is complete.`;
}
