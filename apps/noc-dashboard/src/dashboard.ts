import { createContext, use } from 'react';
import { AlertCommands } from './alerts/alert-commands.ts';
import { AlertLoader } from './alerts/alert-loader.ts';
import { ArrivalAnnouncer } from './alerts/arrival-announcer.ts';
import { initialAlertState, reduceAlerts } from './alerts/alert-store.ts';
import { BusConnection } from './connection/bus-connection.ts';
import { openSocketIo } from './connection/bus-socket.ts';
import { initialConnectionState, reduceConnection } from './connection/connection-store.ts';
import { initialAnnouncementState, reduceAnnouncements } from './layout/announcer.ts';
import { initialViewState, reduceView, restorePreferences, storePreferences } from './layout/view-store.ts';
import { initialMessageState, Notifier, reduceMessages } from './notices/notifier.ts';
import { deviceId } from './session/device-id.ts';
import { fetchAlertPage, GatewayRefusal } from './session/gateway-api.ts';
import { initialSessionState, reduceSession } from './session/session-store.ts';
import { Session, SESSION_OVER } from './session/session.ts';
import { Alarm } from './sound/alarm.ts';
import { initialAlarmState, reduceAlarm } from './sound/alarm-store.ts';
import { createStore } from './state/store.ts';

/** The list is loaded after the feed has begun, so nothing falls between; without a feed it is loaded after this. */
const LOAD_WITHOUT_FEED_MS = 2_500;

/** Everything the page is made of, apart from what is drawn. React only reads the stores and calls the services. */
export type Dashboard = ReturnType<typeof createDashboard>;

export function createDashboard() {
  const alerts = createStore(reduceAlerts, initialAlertState);
  const connection = createStore(reduceConnection, initialConnectionState);
  const sessionState = createStore(reduceSession, initialSessionState);
  const messages = createStore(reduceMessages, initialMessageState);
  const alarmState = createStore(reduceAlarm, initialAlarmState);
  const announcements = createStore(reduceAnnouncements, initialAnnouncementState);
  const view = createStore(reduceView, restorePreferences(initialViewState));

  const arrivalAnnouncer = new ArrivalAnnouncer((urgency, text) => announcements.dispatch({ urgency, text }));
  const notifier = new Notifier(messages);
  const alarm = new Alarm(alarmState);
  const session = new Session(sessionState);

  const loader = new AlertLoader({
    alerts,
    fetchPage: async (query) => fetchAlertPage(query, await session.freshToken()),
    explain: (error) => {
      if (error instanceof GatewayRefusal && error.status === 401) session.leave(SESSION_OVER);
      return error instanceof Error ? error.message : 'unknown fault';
    },
    gatewayNow: () => Date.now() + connection.getState().clockOffsetMs,
  });
  const feed = new BusConnection({
    openSocket: openSocketIo,
    deviceId: deviceId(),
    freshToken: (options) => session.freshToken(options),
    alerts,
    connection,
    onSessionOver: (reason) => session.leave(reason),
    onUser: (user) => sessionState.dispatch({ type: 'signed_in', user }),
  });
  const commands = new AlertCommands({
    alerts,
    request: (name, body, timeoutMs) => feed.request(name, body, timeoutMs),
    isLive: () => feed.isLive,
    username: () => {
      const state = sessionState.getState();
      return state.kind === 'signed_in' ? state.user.username : '';
    },
    notifier,
  });

  let isRunning = false;
  let loadTimer: ReturnType<typeof setTimeout> | null = null;

  /** Runs the feed exactly while somebody is signed in, and leaves nothing of one user for the next. */
  function followSession(): void {
    const isSignedIn = sessionState.getState().kind === 'signed_in';
    if (isSignedIn === isRunning) return;
    isRunning = isSignedIn;
    if (isSignedIn) {
      alarm.prepare();
      feed.start();
      loadTimer = setTimeout(() => loader.start(), LOAD_WITHOUT_FEED_MS);
      return;
    }
    if (loadTimer) clearTimeout(loadTimer);
    loader.stop();
    feed.stop();
    alerts.dispatch({ type: 'signed_out' });
    messages.dispatch({ type: 'all_dismissed' });
    view.dispatch({ type: 'signed_out' });
  }

  let lastArrivals = 0;
  function callAttention(): void {
    const { arrivals } = alerts.getState();
    if (arrivals.sequence === lastArrivals) return;
    lastArrivals = arrivals.sequence;
    if (arrivals.alerts.length === 0) return;
    arrivalAnnouncer.announce(arrivals.alerts);
    if (arrivals.alerts.some((alert) => alert.severity === 'critical')) alarm.ring();
  }

  /** Starts once per page. */
  function start(): void {
    sessionState.subscribe(followSession);
    alerts.subscribe(callAttention);
    view.subscribe(() => storePreferences(view.getState()));
    connection.subscribe(() => {
      if (isRunning && connection.getState().link.kind === 'live') loader.start();
    });
    window.addEventListener('online', () => feed.checkNow());
    document.addEventListener('visibilitychange', () => {
      if (document.visibilityState === 'visible') feed.checkNow();
    });
    void session.restore();
  }

  return {
    alerts,
    connection,
    sessionState,
    messages,
    alarmState,
    announcements,
    view,
    session,
    alarm,
    feed,
    commands,
    start,
  };
}

export const DashboardContext = createContext<Dashboard | null>(null);

export function useDashboard(): Dashboard {
  const dashboard = use(DashboardContext);
  if (!dashboard) throw new Error('useDashboard needs a <DashboardContext> above it');
  return dashboard;
}
