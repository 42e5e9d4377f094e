import type { AlertAction, AlertState } from '../alerts/alert-store.ts';
import { GatewayRefusal } from '../session/gateway-api.ts';
import { SESSION_OVER } from '../session/session.ts';
import type { Store } from '../state/store.ts';
import { readGroups, readInstant, readPosition } from '../wire/feed-guards.ts';
import { isRecord, readEnvelope, readUser, type Answer } from '../wire/wire-guards.ts';
import type { EventEnvelope, GroupPosition, SessionUser } from '../wire/wire-types.ts';
import type { BusSocket, OpenBusSocket, Refused } from './bus-socket.ts';
import type { ConnectionAction, ConnectionState } from './connection-store.ts';
import { EventBatcher } from './event-batcher.ts';
import { retryDelayMs } from './retry-delay.ts';

export const HEARTBEAT_INTERVAL_MS = 10_000;
const HEARTBEAT_TIMEOUT_MS = 5_000;
/** Heartbeats missed in a row before the connection is given up although it looks open. */
const MAX_MISSED_HEARTBEATS = 2;
/** Ten renders a second look live; more only heat the room. */
const EVENT_BATCH_MS = 100;
/** After a refusal that only a person can lift, knocking every second helps nobody. */
const REFUSED_RETRY_MS = 30_000;
/** From opening the socket to the notice `subscribed`, replay included. */
const SUBSCRIBE_DEADLINE_MS = 20_000;
/** Fresh tokens that did not hold, in a row, before the operator is asked to sign in again. */
const MAX_TOKEN_REFUSALS = 3;

export interface BusConnectionParts {
  readonly openSocket: OpenBusSocket;
  readonly deviceId: string;
  readonly freshToken: (options: { isStale: boolean }) => Promise<string | null>;
  readonly alerts: Store<AlertState, AlertAction>;
  readonly connection: Store<ConnectionState, ConnectionAction>;
  /** The session is over; the connection has stopped for good. */
  readonly onSessionOver: (reason: string) => void;
  readonly onUser: (user: SessionUser) => void;
}

/**
 * Keeps one live connection to any gateway: connects, resumes, checks that the other side is alive, and comes back
 * after every loss. Events go to the alert store in the order they came; what the banner shows goes to the
 * connection store.
 */
export class BusConnection {
  private readonly socket: BusSocket;
  private readonly batcher: EventBatcher<EventEnvelope>;
  private token: string | null = null;
  private isDraining = false;
  /** The loss that is about to be reported is our own doing. */
  private isClosing = false;
  private isStarted = false;
  private isTokenStale = false;
  private tokenRefusals = 0;
  private missedHeartbeats = 0;
  private retryTimer: ReturnType<typeof setTimeout> | null = null;
  private subscribeTimer: ReturnType<typeof setTimeout> | null = null;
  private heartbeatTimer: ReturnType<typeof setInterval> | null = null;
  /** Rises with every attempt and stop, so that a token that comes late opens nothing. */
  private generation = 0;

  constructor(private readonly parts: BusConnectionParts) {
    this.batcher = new EventBatcher((events) => {
      this.parts.alerts.dispatch({ type: 'events_received', events });
      this.parts.connection.dispatch({ type: 'event_heard', now: Date.now() });
    }, EVENT_BATCH_MS);
    this.socket = parts.openSocket(
      () => ({ token: this.token, deviceId: parts.deviceId, resume: this.positions() }),
      {
        onEvent: (name, body) => this.hear(name, body),
        onRefused: (refused) => this.handleRefusal(refused),
        onLost: (reason) => {
          if (this.isClosing) return;
          this.lose(
            this.isDraining ? 'The gateway is being restarted.' : `The connection was lost (${reason}).`,
          );
        },
      },
    );
  }

  start(): void {
    if (this.isStarted) return;
    this.isStarted = true;
    void this.connect();
  }

  stop(): void {
    this.isStarted = false;
    this.disconnect();
    this.parts.connection.dispatch({ type: 'signed_out' });
  }

  get isLive(): boolean {
    return this.socket.isOpen && this.parts.connection.getState().link.kind === 'live';
  }

  /** Sends a request over the open socket; rejects when it is not answered in time or the connection is lost. */
  request(name: string, body: object, timeoutMs: number): Promise<Answer> {
    return this.socket.request(name, body, timeoutMs);
  }

  /** Tries again now instead of waiting for the next planned attempt. */
  retryNow(): void {
    if (!this.isStarted || this.socket.isOpen) return;
    if (this.parts.connection.getState().link.kind === 'waiting') void this.connect();
  }

  /** Finds out at once whether the other side is there: after sleep, or when the page becomes visible again. */
  checkNow(): void {
    if (this.socket.isOpen) void this.beat();
    else this.retryNow();
  }

  private async connect(): Promise<void> {
    if (this.retryTimer) clearTimeout(this.retryTimer);
    this.retryTimer = null;
    const generation = ++this.generation;
    this.parts.connection.dispatch({ type: 'connect_started' });
    try {
      const token = await this.parts.freshToken({ isStale: this.isTokenStale });
      if (generation !== this.generation) return;
      this.token = token;
      this.isTokenStale = false;
      this.subscribeTimer = setTimeout(
        () => this.lose('The gateway took too long to start the feed.'),
        SUBSCRIBE_DEADLINE_MS,
      );
      this.socket.open();
    } catch (error) {
      if (generation !== this.generation) return;
      if (error instanceof GatewayRefusal && error.status === 401) this.endSession(SESSION_OVER);
      else this.lose(error instanceof Error ? error.message : 'The gateway does not answer.');
    }
  }

  private hear(name: string, body: unknown): void {
    switch (name) {
      case 'subscribed':
        return this.handleSubscribed(body);
      case 'gap':
        this.batcher.flush();
        return this.parts.alerts.dispatch({ type: 'gap_reported', position: readPosition(body) });
      case 'session_ended':
        return this.handleSessionEnded(body);
      case 'server_draining':
        // The gateway closes its connections one after the other, and events come until it is our turn.
        this.isDraining = true;
        return;
      default:
        return this.hearBroadcast(body);
    }
  }

  private hearBroadcast(body: unknown): void {
    const envelope = readEnvelope(body);
    if (envelope) this.batcher.add(envelope);
    else this.parts.alerts.dispatch({ type: 'load_needed', reason: 'unreadable_event' });
  }

  private handleSubscribed(body: unknown): void {
    this.batcher.flush();
    if (this.subscribeTimer) clearTimeout(this.subscribeTimer);
    this.isDraining = false;
    const { groups, isComplete } = readGroups(body);
    this.parts.alerts.dispatch({ type: 'subscribed', groups });
    if (!isComplete) this.parts.alerts.dispatch({ type: 'load_needed', reason: 'gap' });
    const { server_time: serverTime, user: told } = isRecord(body) ? body : {};
    const user = readUser(told);
    if (user) this.parts.onUser(user);
    this.missedHeartbeats = 0;
    this.parts.connection.dispatch({
      type: 'subscribed',
      now: Date.now(),
      serverTime: readInstant(serverTime),
      replayed: groups.reduce((sum, group) => sum + group.replayed, 0),
    });
    this.heartbeatTimer ??= setInterval(() => this.settleAndBeat(), HEARTBEAT_INTERVAL_MS);
    void this.beat();
  }

  /** A connection that held for a whole interval counts as good; one that falls at once keeps being retried slower. */
  private settleAndBeat(): void {
    this.tokenRefusals = 0;
    this.parts.connection.dispatch({ type: 'settled' });
    void this.beat();
  }

  private async beat(): Promise<void> {
    const generation = this.generation;
    const sentAt = performance.now();
    try {
      const answer = await this.socket.request('heartbeat', {}, HEARTBEAT_TIMEOUT_MS);
      if (generation !== this.generation) return;
      this.missedHeartbeats = 0;
      this.parts.connection.dispatch({
        type: 'heartbeat_answered',
        now: Date.now(),
        roundTripMs: Math.round(performance.now() - sentAt),
        serverTime: answer.ok ? readInstant(answer.server_time) : null,
      });
    } catch {
      // No answer in time, or the connection was lost meanwhile; then the loss is being handled already.
      if (generation !== this.generation || !this.socket.isOpen) return;
      this.missedHeartbeats += 1;
      this.parts.connection.dispatch({ type: 'heartbeat_missed' });
      if (this.missedHeartbeats >= MAX_MISSED_HEARTBEATS) this.lose('The gateway stopped answering.');
    }
  }

  private handleRefusal({ code, ...refused }: Refused): void {
    const reason = asSentence(refused.reason);
    switch (code) {
      case null:
        return this.lose('The gateway cannot be reached.');
      case 4400:
        // The positions are the only thing we send that could be malformed: do without them and load afresh.
        this.parts.alerts.dispatch({ type: 'positions_forgotten' });
        return this.lose(`The gateway did not understand this page: ${reason}`);
      case 4401:
        if (this.giveUpToken(reason)) this.lose(`The sign-in is being renewed: ${reason}`);
        return;
      case 4403:
        return this.lose(`The gateway refuses this page: ${reason}`, REFUSED_RETRY_MS);
      case 4429:
        return this.lose(`Too many connections: ${reason} Close other tabs of this page.`, REFUSED_RETRY_MS);
      default:
        return this.lose(`The gateway refused the connection: ${reason}`);
    }
  }

  /** An expired token ends a live socket although the session goes on, so only the token is given up here. */
  private handleSessionEnded(body: unknown): void {
    const { code, reason } = isRecord(body) ? body : {};
    const why = asSentence(typeof reason === 'string' ? reason.replaceAll('_', ' ') : 'session ended');
    if (code === undefined || code === 4401) this.renewInPlace(why);
    else this.lose(`The gateway ended the connection: ${why}`, code === 4429 ? REFUSED_RETRY_MS : undefined);
  }

  /** What ended was the token, not the connection: come back at once, and alarm nobody when that works. */
  private renewInPlace(reason: string): void {
    const wasLive = this.isLive;
    if (!this.giveUpToken(reason)) return;
    if (!wasLive) return this.lose(`The sign-in is being renewed: ${reason}`);
    this.disconnect();
    this.parts.connection.dispatch({ type: 'renewal_started', now: Date.now() });
    void this.connect();
  }

  /** False when too many tokens did not hold: the operator has to sign in again. */
  private giveUpToken(reason: string): boolean {
    this.isTokenStale = true;
    this.tokenRefusals += 1;
    if (this.tokenRefusals < MAX_TOKEN_REFUSALS) return true;
    this.endSession(`The sign-in did not hold: ${reason}`);
    return false;
  }

  private endSession(reason: string): void {
    this.stop();
    this.parts.onSessionOver(reason);
  }

  /** Every way of losing the connection ends here, and always plans the next attempt. */
  private lose(why: string, delayMs?: number): void {
    if (!this.isStarted) return;
    this.disconnect();
    const wait = delayMs ?? retryDelayMs(this.parts.connection.getState().attempt + 1);
    this.retryTimer = setTimeout(() => void this.connect(), wait);
    this.parts.connection.dispatch({ type: 'lost', retryAt: Date.now() + wait, why });
  }

  /** Closes what is open and forgets what is planned, after applying everything that has arrived. */
  private disconnect(): void {
    this.generation += 1;
    this.batcher.flush();
    this.clearTimers();
    this.isClosing = true;
    this.socket.close();
    this.isClosing = false;
  }

  private clearTimers(): void {
    if (this.retryTimer) clearTimeout(this.retryTimer);
    if (this.subscribeTimer) clearTimeout(this.subscribeTimer);
    if (this.heartbeatTimer) clearInterval(this.heartbeatTimer);
    this.retryTimer = null;
    this.subscribeTimer = null;
    this.heartbeatTimer = null;
    this.missedHeartbeats = 0;
  }

  private positions(): GroupPosition[] {
    return [...this.parts.alerts.getState().positions.values()];
  }
}

/** Reasons come as words or as whole sentences. */
function asSentence(reason: string): string {
  return /[.!?]$/.test(reason) ? reason : `${reason}.`;
}
