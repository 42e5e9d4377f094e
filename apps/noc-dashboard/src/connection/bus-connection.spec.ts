import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { initialAlertState, reduceAlerts } from '../alerts/alert-store.ts';
import { GatewayRefusal, GatewayUnreachable } from '../session/gateway-api.ts';
import { createStore } from '../state/store.ts';
import { anAlert, anEvent } from '../testing/builders.ts';
import type { Answer } from '../wire/wire-guards.ts';
import { BusConnection, HEARTBEAT_INTERVAL_MS } from './bus-connection.ts';
import type { BusSocket, BusSocketHandlers, Handshake } from './bus-socket.ts';
import { initialConnectionState, reduceConnection } from './connection-store.ts';

/** Stands for the way to the gateway: records handshakes, and lets the test speak for the gateway. */
class ScriptedSocket implements BusSocket {
  isOpen = false;
  readonly handshakes: Handshake[] = [];
  answerHeartbeat: () => Promise<Answer> = async () => ({ ok: true });
  handlers!: BusSocketHandlers;
  handshake!: () => Handshake;

  open(): void {
    this.handshakes.push(this.handshake());
  }
  close(): void {
    const wasOpen = this.isOpen;
    this.isOpen = false;
    if (wasOpen) this.handlers.onLost('closed by us');
  }
  request(): Promise<Answer> {
    return this.answerHeartbeat();
  }

  subscribe(
    groups: object[] = [
      { group: 'noc_dashboard', result: 'live', replayed: 0, epoch: 'epoch-1', offset: '0' },
    ],
  ): void {
    this.isOpen = true;
    this.handlers.onEvent('subscribed', {
      groups,
      server_time: new Date().toISOString(),
      user: { id: 7, username: 'anna' },
    });
  }
  drop(): void {
    this.isOpen = false;
    this.handlers.onLost('transport close');
  }
}

function setUp() {
  const socket = new ScriptedSocket();
  const alerts = createStore(reduceAlerts, initialAlertState);
  const connection = createStore(reduceConnection, initialConnectionState);
  const freshToken = vi.fn<(options: { isStale: boolean }) => Promise<string>>(async ({ isStale }) =>
    isStale ? 'renewed' : 'token',
  );
  const onSessionOver = vi.fn<(reason: string) => void>();
  const feed = new BusConnection({
    openSocket: (handshake, handlers) => Object.assign(socket, { handshake, handlers }),
    deviceId: 'device-1',
    freshToken,
    alerts,
    connection,
    onSessionOver,
    onUser: () => undefined,
  });
  const link = () => connection.getState().link.kind;
  const settle = (ms = 0) => vi.advanceTimersByTimeAsync(ms);
  const goLive = async () => {
    feed.start();
    await settle();
    socket.subscribe();
    await settle();
  };
  return { socket, alerts, connection, feed, link, settle, goLive, freshToken, onSessionOver };
}

describe('BusConnection', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('is live once the gateway says what we are subscribed to, not when the socket opens', async () => {
    const { feed, socket, link, settle } = setUp();
    feed.start();
    await settle();
    expect(link()).toBe('connecting');
    socket.subscribe();
    expect(link()).toBe('live');
  });

  it('resumes from what was applied last, even right before the loss', async () => {
    const { socket, link, goLive, settle, connection, feed } = setUp();
    await goLive();
    socket.handlers.onEvent('alert_notification', anEvent(1, anAlert()));
    socket.handlers.onEvent('alert_notification', anEvent(2, anAlert({ alert_id: 2 })));
    socket.drop();
    expect(link()).toBe('waiting');
    feed.retryNow();
    await settle();
    expect(socket.handshakes.at(-1)).toEqual({
      token: 'token',
      deviceId: 'device-1',
      resume: [{ group: 'noc_dashboard', epoch: 'epoch-1', offset: '2' }],
    });
    socket.subscribe([
      { group: 'noc_dashboard', result: 'replayed', replayed: 3, epoch: 'epoch-1', offset: '5' },
    ]);
    expect(connection.getState().resumed?.replayed).toBe(3);
  });

  it('waits longer after each failure, and never gives up', async () => {
    const { feed, socket, settle } = setUp();
    feed.start();
    await settle();
    for (let attempt = 1; attempt <= 12; attempt++) {
      socket.handlers.onRefused({ code: null, reason: 'websocket error' });
      await settle(15_000);
      expect(socket.handshakes).toHaveLength(attempt + 1);
    }
  });

  it('gives an open connection up when the gateway stops answering', async () => {
    const { socket, link, goLive, settle } = setUp();
    await goLive();
    socket.answerHeartbeat = () =>
      new Promise((_, reject) => setTimeout(() => reject(new Error('timeout')), 5_000));
    await settle(HEARTBEAT_INTERVAL_MS + 5_000);
    expect(link()).toBe('silent');
    await settle(HEARTBEAT_INTERVAL_MS);
    expect(link()).toBe('waiting');
  });

  it('comes back to live when a late answer shows that the gateway is there', async () => {
    const { socket, link, goLive, settle } = setUp();
    await goLive();
    socket.answerHeartbeat = async () => Promise.reject(new Error('timeout'));
    await settle(HEARTBEAT_INTERVAL_MS);
    expect(link()).toBe('silent');
    socket.answerHeartbeat = async () => ({ ok: true });
    await settle(HEARTBEAT_INTERVAL_MS);
    expect(link()).toBe('live');
  });

  it('gives up a socket that opens without ever starting the feed', async () => {
    const { feed, link, settle } = setUp();
    feed.start();
    await settle(20_000);
    expect(link()).toBe('waiting');
    feed.stop();
  });

  it('renews the token when the gateway ends the session because the token expired', async () => {
    const { socket, goLive, settle, onSessionOver } = setUp();
    await goLive();
    socket.handlers.onEvent('session_ended', { code: 4401, reason: 'token expired' });
    await settle(2_000);
    expect(socket.handshakes.at(-1)?.token).toBe('renewed');
    expect(onSessionOver).not.toHaveBeenCalled();
  });

  it('does so without calling the connection lost, unless the renewal fails', async () => {
    const { socket, goLive, settle, connection, link, freshToken } = setUp();
    await goLive();
    const seen: string[] = [];
    connection.subscribe(() => seen.push(link()));
    socket.handlers.onEvent('session_ended', { code: 4401, reason: 'token_expired' });
    await settle();
    socket.subscribe([
      { group: 'noc_dashboard', result: 'replayed', replayed: 0, epoch: 'epoch-1', offset: '0' },
    ]);
    expect(link()).toBe('live');
    expect(connection.getState().resumed).toBeNull();
    freshToken.mockRejectedValueOnce(new GatewayUnreachable('The gateway does not answer.'));
    await settle(HEARTBEAT_INTERVAL_MS);
    socket.handlers.onEvent('session_ended', { code: 4401, reason: 'token_expired' });
    await settle();
    expect(link()).toBe('waiting');
  });

  it('ends when there is no session to renew from', async () => {
    const { socket, goLive, settle, freshToken, onSessionOver } = setUp();
    await goLive();
    freshToken.mockRejectedValue(new GatewayRefusal(401, 'no session'));
    socket.handlers.onEvent('session_ended', { code: 4401, reason: 'revoked' });
    await settle(2_000);
    expect(onSessionOver).toHaveBeenCalledTimes(1);
    const tries = socket.handshakes.length;
    await settle(60_000);
    expect(socket.handshakes).toHaveLength(tries);
  });

  it('asks to sign in again when fresh tokens are refused over and over', async () => {
    const { feed, socket, settle, onSessionOver } = setUp();
    feed.start();
    await settle();
    for (let attempt = 0; attempt < 3; attempt++) {
      socket.handlers.onRefused({ code: 4401, reason: 'bound to another device' });
      await settle(5_000);
    }
    expect(onSessionOver).toHaveBeenCalledTimes(1);
  });

  it('keeps trying while no token can be had because the gateway is away', async () => {
    const { feed, freshToken, link, settle, socket } = setUp();
    freshToken.mockRejectedValueOnce(new GatewayUnreachable('The gateway does not answer.'));
    feed.start();
    await settle();
    expect(link()).toBe('waiting');
    await settle(2_000);
    expect(socket.handshakes).toHaveLength(1);
  });

  it('forgets its positions when the gateway calls the handshake malformed', async () => {
    const { socket, alerts, goLive, settle } = setUp();
    await goLive();
    socket.drop();
    await settle(2_000);
    socket.handlers.onRefused({ code: 4400, reason: 'resume is malformed' });
    await settle(5_000);
    expect(socket.handshakes.at(-1)?.resume).toEqual([]);
    expect(alerts.getState().completeness.kind).toBe('needed');
  });

  it('stays on a gateway that is being stopped until it is closed, then goes to another', async () => {
    const { socket, goLive, link, settle, connection } = setUp();
    await goLive();
    socket.handlers.onEvent('server_draining', { reconnect_within_ms: 5_000 });
    expect(link()).toBe('live');
    socket.drop();
    expect(connection.getState().link).toMatchObject({
      kind: 'waiting',
      why: 'The gateway is being restarted.',
    });
    await settle(500);
    expect(socket.handshakes).toHaveLength(2);
  });

  it('keeps its token when the connection ended for another reason', async () => {
    const { socket, goLive, settle } = setUp();
    await goLive();
    socket.handlers.onEvent('session_ended', { code: 4503, reason: 'setup_failed' });
    await settle(1_000);
    expect(socket.handshakes.at(-1)?.token).toBe('token');
  });

  it('forgets a group it may not read any more, and loads instead', async () => {
    const { socket, goLive, settle, alerts } = setUp();
    await goLive();
    socket.drop();
    await settle(1_000);
    socket.subscribe([
      { group: 'noc_dashboard', result: 'gap', replayed: 0, epoch: '', offset: '0', reason: 'forbidden' },
    ]);
    expect(alerts.getState().completeness.kind).toBe('needed');
    socket.drop();
    await settle(2_000);
    expect(socket.handshakes.at(-1)?.resume).toEqual([]);
  });

  it.each([
    ['a gap notice', 'gap', { group: 'noc_dashboard', epoch: 'epoch-2', offset: '9', reason: 'trimmed' }],
    ['a group that cannot be read', 'subscribed', { groups: [{ group: 'noc_dashboard', result: 'gap' }] }],
    ['a broadcast without a position', 'critical_alert', { type: 'critical_alert', data: anAlert() }],
  ])('asks for a load after %s', async (_, name, body) => {
    const { socket, alerts, goLive } = setUp();
    await goLive();
    alerts.dispatch({ type: 'load_started' });
    alerts.dispatch({ type: 'load_succeeded', alerts: [], now: 0, gatewayNow: 0 });
    socket.handlers.onEvent(name, body);
    expect(alerts.getState().completeness.kind).toBe('needed');
  });

  it('tries at once when the operator asks for it', async () => {
    const { socket, goLive, feed, settle } = setUp();
    await goLive();
    socket.drop();
    feed.retryNow();
    await settle();
    expect(socket.handshakes).toHaveLength(2);
  });

  it('stays stopped, whatever still comes', async () => {
    const { socket, goLive, feed, settle } = setUp();
    await goLive();
    feed.stop();
    socket.handlers.onLost('late');
    await settle(60_000);
    expect(socket.handshakes).toHaveLength(1);
  });
});
