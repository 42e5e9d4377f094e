import { isOpen, reorder } from './alert-order.ts';
import { makeEntry, type ActionFailure, type AlertEntry, type PendingAction } from './alert-entry.ts';
import { readSystemNotice, type SystemNotice } from '../notices/system-notice.ts';
import { readAlert } from '../wire/wire-guards.ts';
import type { AlertView, EventEnvelope, GroupPosition, SubscribedGroup } from '../wire/wire-types.ts';

/** Closed alerts kept in memory; beyond it the least urgent and oldest go first. Open alerts are never dropped. */
export const MAX_CLOSED_ALERTS = 2_000;
/** System notices kept in memory; the oldest go first. */
export const MAX_NOTICES = 200;
/** How long the row of an alert may be on its way: an alert is shown at once, and stored later when storing is in trouble. */
export const MAX_STORING_MS = 60_000;

/**
 * Whether the list is complete. It leaves `complete` as soon as anything may have been missed and returns only after
 * a load that *started* afterwards succeeded, so a gap is never forgotten by a failed load or a second disconnect.
 */
export type Completeness =
  | { readonly kind: 'complete'; readonly reason: LoadReason; readonly loadedAt: number }
  | { readonly kind: 'needed'; readonly reason: LoadReason; readonly failure: string | null }
  | {
      readonly kind: 'loading';
      readonly reason: LoadReason;
      readonly startedAt: number;
      readonly isOutdated: boolean;
    };

export type LoadReason =
  'first_load' | 'gap' | 'snapshot' | 'unreadable_event' | 'missing_confirmation' | 'outdated_list';

/** Alerts seen for the first time while already new and unacknowledged; `sequence` rises with each such batch. */
export interface Arrivals {
  readonly sequence: number;
  readonly alerts: readonly AlertView[];
}

export interface AlertState {
  readonly entries: ReadonlyMap<number, AlertEntry>;
  /** Alert ids in display order. */
  readonly order: readonly number[];
  /** The last event of each group that has been applied: what a reconnect asks to resume from. */
  readonly positions: ReadonlyMap<string, GroupPosition>;
  readonly completeness: Completeness;
  readonly arrivals: Arrivals;
  /** What the bus reports about itself (a refused message, for example), newest first. */
  readonly notices: readonly SystemNotice[];
  /** Counts everything heard from the gateway, so that a load can tell what changed while it was under way. */
  readonly heard: number;
}

export type AlertAction =
  | { readonly type: 'events_received'; readonly events: readonly EventEnvelope[] }
  | { readonly type: 'subscribed'; readonly groups: readonly SubscribedGroup[] }
  | { readonly type: 'gap_reported'; readonly position: GroupPosition | null }
  | { readonly type: 'load_needed'; readonly reason: LoadReason }
  | { readonly type: 'load_started' }
  | {
      readonly type: 'load_succeeded';
      readonly alerts: readonly AlertView[];
      readonly now: number;
      /** The same moment by the clock that `received_at` is read from. */
      readonly gatewayNow: number;
    }
  | { readonly type: 'load_failed'; readonly message: string }
  | { readonly type: 'action_started'; readonly alertId: number; readonly pending: PendingAction }
  | {
      readonly type: 'action_accepted';
      readonly alertId: number;
      readonly requestId: string;
      readonly alert: AlertView | null;
    }
  | {
      readonly type: 'action_failed';
      readonly alertId: number;
      readonly requestId: string;
      readonly failure: ActionFailure;
    }
  | { readonly type: 'notices_cleared' }
  | { readonly type: 'positions_forgotten' }
  | { readonly type: 'signed_out' };

export const initialAlertState: AlertState = {
  entries: new Map(),
  order: [],
  positions: new Map(),
  completeness: { kind: 'needed', reason: 'first_load', failure: null },
  arrivals: { sequence: 0, alerts: [] },
  notices: [],
  heard: 0,
};

/** Events whose data is an alert. A `system_alert` may carry one, too; every other type only moves its position. */
const ALERT_EVENTS: ReadonlySet<string> = new Set([
  'alert_notification',
  'critical_alert',
  'supervisor_alert',
  'tenant_alert',
  'alert_updated',
]);

export function reduceAlerts(state: AlertState, action: AlertAction): AlertState {
  switch (action.type) {
    case 'events_received':
      return receiveEvents(state, action.events);
    case 'subscribed':
      return subscribe(state, action.groups);
    case 'gap_reported':
      return needLoad(action.position ? withPositions(state, [action.position]) : state, 'gap');
    case 'load_needed':
      return needLoad(state, action.reason);
    case 'load_started':
      return startLoad(state);
    case 'load_succeeded':
      return finishLoad(state, action);
    case 'load_failed':
      return state.completeness.kind === 'loading'
        ? {
            ...state,
            completeness: { kind: 'needed', reason: state.completeness.reason, failure: action.message },
          }
        : state;
    case 'action_started':
      return updateEntry(state, action.alertId, (entry) => ({
        ...entry,
        pending: action.pending,
        failure: null,
      }));
    case 'action_accepted':
      return acceptAction(state, action.alertId, action.requestId, action.alert);
    case 'action_failed':
      return updateEntry(state, action.alertId, (entry) =>
        entry.pending?.requestId === action.requestId
          ? { ...entry, pending: null, failure: action.failure }
          : entry,
      );
    case 'notices_cleared':
      return { ...state, notices: [] };
    case 'positions_forgotten':
      return needLoad({ ...state, positions: new Map() }, 'gap');
    case 'signed_out':
      // The sequence goes on: a listener that remembers it must not take the next user's first arrivals for old ones.
      return { ...initialAlertState, arrivals: { sequence: state.arrivals.sequence, alerts: [] } };
  }
}

/** Whether `offset` comes after `other`. Offsets are decimal integers of any length, so numbers will not do. */
export function isLaterOffset(offset: string, other: string): boolean {
  return BigInt(offset) > BigInt(other);
}

function receiveEvents(state: AlertState, events: readonly EventEnvelope[]): AlertState {
  const positions = new Map(state.positions);
  const alerts: AlertView[] = [];
  const notices: SystemNotice[] = [];
  let reason: LoadReason | null = null;
  for (const event of events) {
    const seen = positions.get(event.group);
    const isSameHistory = seen?.epoch === event.epoch;
    if (seen && isSameHistory && !isLaterOffset(event.offset, seen.offset)) continue;
    if (seen && !isSameHistory) reason = 'gap';
    if (ALERT_EVENTS.has(event.type)) {
      const alert = readAlert(event.data);
      if (alert) alerts.push(alert);
      else reason ??= 'unreadable_event';
    } else if (event.type === 'system_alert') {
      const alert = readAlert(event.data);
      if (alert) alerts.push(alert);
      else notices.unshift(readSystemNotice(event));
    }
    positions.set(event.group, { group: event.group, epoch: event.epoch, offset: event.offset });
  }
  const noted = notices.length > 0 ? [...notices, ...state.notices].slice(0, MAX_NOTICES) : state.notices;
  const merged = mergeAlerts({ ...state, positions, notices: noted }, alerts);
  return reason ? needLoad(merged, reason) : merged;
}

/** Takes over the positions the gateway reported, and asks for a load wherever they leave something out. */
function subscribe(state: AlertState, groups: readonly SubscribedGroup[]): AlertState {
  let reason: LoadReason | null = null;
  const snapshots: AlertView[] = [];
  for (const group of groups) {
    if (group.result === 'gap') reason = 'gap';
    if (group.result === 'snapshot') {
      reason ??= 'snapshot';
      snapshots.push(...(group.snapshot ?? []).flatMap((item) => readAlert(item) ?? []));
    }
    if (group.result === 'live' && !isCovered(state, group)) reason = 'gap';
  }
  const merged = withPositions(
    withoutLeftGroups(mergeAlerts(state, snapshots), groups),
    groups.filter(isJoined),
  );
  return reason ? needLoad(merged, reason) : merged;
}

/** A group that may not be read any more comes back without an epoch: there is nothing to resume from. */
function isJoined({ epoch }: GroupPosition): boolean {
  return epoch !== '';
}

function withoutLeftGroups(state: AlertState, groups: readonly GroupPosition[]): AlertState {
  const left = groups.filter((group) => !isJoined(group));
  if (left.length === 0) return state;
  const positions = new Map(state.positions);
  for (const { group } of left) positions.delete(group);
  return { ...state, positions };
}

/**
 * `live` means "nothing was replayed". That leaves nothing out when the group stands where we left it, or when the
 * list has not been loaded yet: a load that begins after joining sees everything older.
 */
function isCovered(state: AlertState, group: GroupPosition): boolean {
  const seen = state.positions.get(group.group);
  if (!seen) return state.completeness.kind === 'needed';
  return seen.epoch === group.epoch && !isLaterOffset(group.offset, seen.offset);
}

/** Moves positions forward; within one epoch never back. */
function withPositions(state: AlertState, reported: readonly GroupPosition[]): AlertState {
  const positions = new Map(state.positions);
  for (const { group, epoch, offset } of reported) {
    const seen = positions.get(group);
    if (seen && seen.epoch === epoch && !isLaterOffset(offset, seen.offset)) continue;
    positions.set(group, { group, epoch, offset });
  }
  return { ...state, positions };
}

function needLoad(state: AlertState, reason: LoadReason): AlertState {
  const { completeness } = state;
  if (completeness.kind === 'loading')
    return { ...state, completeness: { ...completeness, isOutdated: true } };
  if (completeness.kind === 'needed') return state;
  return { ...state, completeness: { kind: 'needed', reason, failure: null } };
}

function startLoad(state: AlertState): AlertState {
  const reason = state.completeness.kind === 'complete' ? 'gap' : state.completeness.reason;
  return { ...state, completeness: { kind: 'loading', reason, startedAt: state.heard, isOutdated: false } };
}

/**
 * Replaces the open alerts by what the database says. Kept besides it: whatever the gateway told us after the load
 * began, because the load may have read its pages before that; what was received so lately that its row may still be
 * on its way; and the alerts that were closed already.
 */
function finishLoad(
  state: AlertState,
  { alerts, now, gatewayNow }: Extract<AlertAction, { type: 'load_succeeded' }>,
): AlertState {
  const { completeness } = state;
  if (completeness.kind !== 'loading') return state;
  const loaded = new Set(alerts.map((alert) => alert.alert_id));
  const gone = [...state.entries.values()].filter(
    ({ alert, heardAt, sortKey }) =>
      isOpen(alert.status) &&
      heardAt <= completeness.startedAt &&
      sortKey.receivedMs + MAX_STORING_MS <= gatewayNow &&
      !loaded.has(alert.alert_id),
  );
  const settled = [...state.entries.values()]
    .filter((entry) => entry.pending?.isAccepted && loaded.has(entry.alert.alert_id))
    .map((entry) => makeEntry({ ...entry, pending: null }));
  const swept = withEntries(
    state,
    settled,
    gone.map((entry) => entry.alert.alert_id),
  );
  const merged = mergeAlerts(swept, alerts, { areNews: completeness.reason !== 'first_load' });
  return {
    ...merged,
    completeness: completeness.isOutdated
      ? { kind: 'needed', reason: completeness.reason, failure: null }
      : { kind: 'complete', reason: completeness.reason, loadedAt: now },
  };
}

function acceptAction(
  state: AlertState,
  alertId: number,
  requestId: string,
  alert: AlertView | null,
): AlertState {
  const accepted = updateEntry(state, alertId, (entry) =>
    entry.pending?.requestId === requestId
      ? { ...entry, pending: { ...entry.pending, isAccepted: true } }
      : entry,
  );
  return alert ? mergeAlerts(accepted, [alert]) : accepted;
}

function updateEntry(
  state: AlertState,
  alertId: number,
  change: (entry: AlertEntry) => AlertEntry,
): AlertState {
  const entry = state.entries.get(alertId);
  if (!entry) return state;
  const changed = change(entry);
  return changed === entry ? state : withEntries(state, [makeEntry(changed)], []);
}

/** Takes in alerts by version: an older or equal version of a known alert changes nothing. */
function mergeAlerts(state: AlertState, alerts: readonly AlertView[], { areNews = true } = {}): AlertState {
  if (alerts.length === 0) return state;
  const heard = state.heard + 1;
  const changed = new Map<number, AlertEntry>();
  const arrived = new Set<number>();
  for (const alert of alerts) {
    const known = changed.get(alert.alert_id) ?? state.entries.get(alert.alert_id);
    if (known && known.alert.version >= alert.version) continue;
    changed.set(
      alert.alert_id,
      makeEntry({ alert, pending: known?.pending ?? null, failure: null, heardAt: heard }),
    );
    if (!known && alert.status === 'new') arrived.add(alert.alert_id);
  }
  if (changed.size === 0) return state;
  const merged = withEntries({ ...state, heard }, [...changed.values()], []);
  const news = [...arrived]
    .flatMap((id) => merged.entries.get(id)?.shown ?? [])
    .filter(({ status }) => status === 'new');
  if (!areNews || news.length === 0) return merged;
  return { ...merged, arrivals: { sequence: state.arrivals.sequence + 1, alerts: news } };
}

function withEntries(
  state: AlertState,
  changed: readonly AlertEntry[],
  removed: readonly number[],
): AlertState {
  if (changed.length === 0 && removed.length === 0) return state;
  const entries = new Map(state.entries);
  for (const id of removed) entries.delete(id);
  for (const entry of changed) entries.set(entry.alert.alert_id, entry);
  const touched = new Set([...removed, ...changed.map((entry) => entry.alert.alert_id)]);
  const order = reorder(state.order, touched, (id) => entries.get(id)?.sortKey);
  return { ...state, entries, order: withoutSurplus(order, entries) };
}

/** Closed alerts stand at the end of the order, so the surplus is its tail. What the database calls open stays. */
function withoutSurplus(order: number[], entries: Map<number, AlertEntry>): number[] {
  const isClosed = (id: number | undefined) =>
    id !== undefined && !isOpen(entries.get(id)?.alert.status ?? 'new');
  while (isClosed(order.at(-MAX_CLOSED_ALERTS - 1)) && isClosed(order.at(-1))) {
    const dropped = order.pop();
    if (dropped !== undefined) entries.delete(dropped);
  }
  return order;
}
