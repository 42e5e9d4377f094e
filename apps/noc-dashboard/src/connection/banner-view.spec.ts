import { describe, expect, it } from 'vitest';
import type { Completeness } from '../alerts/alert-store.ts';
import { formatTime } from '../layout/time-text.ts';
import { bannerView, RESUMED_SHOWN_MS } from './banner-view.ts';
import { initialConnectionState, reduceConnection, type ConnectionAction } from './connection-store.ts';

const NOW = Date.UTC(2026, 0, 1, 12, 0, 0);
const complete: Completeness = { kind: 'complete', reason: 'first_load', loadedAt: NOW - 60_000 };
const live: ConnectionAction = { type: 'subscribed', now: NOW, serverTime: NOW, replayed: 0 };
const lost: ConnectionAction = { type: 'lost', retryAt: NOW + 3_200, why: 'The connection was lost.' };
const after = (...actions: ConnectionAction[]) => actions.reduce(reduceConnection, initialConnectionState);

describe('bannerView', () => {
  it('says live with the round trip only when the list is complete', () => {
    const state = after(live, { type: 'heartbeat_answered', now: NOW, roundTripMs: 12, serverTime: null });
    expect(bannerView(state, complete, NOW)).toMatchObject({ state: 'live', isStale: false });
    expect(bannerView(state, complete, NOW).detail).toContain('12 ms');
  });

  it('counts down to the next attempt and says since when the list is stale', () => {
    const view = bannerView(after(live, lost), complete, NOW);
    expect(view).toMatchObject({ state: 'reconnecting', isStale: true });
    expect(view.title).toBe(`Reconnecting in 4 s · stale since ${formatTime(NOW)}`);
  });

  it('is stale when the socket is open but nobody answers', () => {
    expect(bannerView(after(live, { type: 'heartbeat_missed' }), complete, NOW)).toMatchObject({
      state: 'stale',
      isStale: true,
    });
  });

  it('shows what was replayed for some seconds, then goes back to live', () => {
    const state = after(live, lost, { ...live, replayed: 5 });
    expect(bannerView(state, complete, NOW + 1_000)).toMatchObject({
      state: 'resumed',
      detail: '5 missed events were replayed. The list is complete.',
    });
    expect(bannerView(state, complete, NOW + RESUMED_SHOWN_MS)).toMatchObject({ state: 'live' });
  });

  it('says that the open alerts were loaded again after a gap', () => {
    const state = after(live, lost, live);
    const reloaded: Completeness = { kind: 'complete', reason: 'gap', loadedAt: NOW + 500 };
    expect(bannerView(state, reloaded, NOW + 1_000).detail).toMatch(/loaded again/);
    expect(bannerView(after(live), reloaded, NOW + 1_000)).toMatchObject({
      state: 'live',
      detail: expect.stringMatching(/loaded again/),
    });
  });

  it('is calm about a renewed sign-in, but not for long', () => {
    const state = after(live, { type: 'renewal_started', now: NOW });
    expect(bannerView(state, complete, NOW + 1_000)).toMatchObject({ state: 'live', isStale: false });
    expect(bannerView(state, complete, NOW + 4_000)).toMatchObject({ state: 'reconnecting', isStale: true });
  });

  it('does not call a list live that could not be loaded', () => {
    const failed: Completeness = { kind: 'needed', reason: 'gap', failure: 'the database is away.' };
    expect(bannerView(after(live), failed, NOW)).toMatchObject({ state: 'stale', isStale: true });
  });

  it('is no resumption when there was nothing to resume', () => {
    expect(after(lost, live).resumed).toBeNull();
  });
});

describe('the connection state', () => {
  it('learns the clock of the gateway', () => {
    expect(after({ ...live, serverTime: NOW + 5_000 }).clockOffsetMs).toBe(5_000);
  });

  it('counts attempts until the connection has held for a while', () => {
    expect(after(lost, lost, live).attempt).toBe(2);
    expect(after(lost, lost, live, { type: 'settled' }).attempt).toBe(0);
  });
});
