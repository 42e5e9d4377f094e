import type { AlertStatus, AlertView, Severity } from '../wire/wire-types.ts';

/** Every severity, most urgent first: the order of the list, of the counts and of the filter. */
export const SEVERITIES = [
  'critical',
  'high',
  'medium',
  'low',
  'info',
] as const satisfies readonly Severity[];

/** Where an alert stands in the operator's work: nobody has seen it, somebody has it, it is over. */
const WORK_RANK: Record<AlertStatus, number> = { new: 0, acknowledged: 1, resolved: 2, false_alarm: 2 };
const SEVERITY_RANK: Record<Severity, number> = { critical: 0, high: 1, medium: 2, low: 3, info: 4 };

/** What decides an alert's place in the list, worked out once per change instead of once per comparison. */
export interface SortKey {
  readonly rank: number;
  readonly receivedMs: number;
  readonly alertId: number;
}

/** Whether the alert still needs somebody. */
export function isOpen(status: AlertStatus): boolean {
  return WORK_RANK[status] < WORK_RANK.resolved;
}

/** Whether `status` is as far along as `target`, so that asking for `target` would change nothing. */
export function hasReached(status: AlertStatus, target: AlertStatus): boolean {
  return WORK_RANK[status] >= WORK_RANK[target];
}

export function sortKeyOf(alert: AlertView): SortKey {
  const receivedMs = Date.parse(alert.received_at);
  return {
    rank: WORK_RANK[alert.status] * SEVERITIES.length + SEVERITY_RANK[alert.severity],
    receivedMs: Number.isNaN(receivedMs) ? 0 : receivedMs,
    alertId: alert.alert_id,
  };
}

/** Unacknowledged first, then severity, then newest arrival; the id decides ties so that rows never swap places. */
export function compareSortKeys(a: SortKey, b: SortKey): number {
  return a.rank - b.rank || b.receivedMs - a.receivedMs || b.alertId - a.alertId;
}

/**
 * The list order after some entries changed or left. With few changes each one is placed by binary search, so one
 * alert arriving among ten thousand does not sort ten thousand.
 */
export function reorder(
  order: readonly number[],
  changed: ReadonlySet<number>,
  keyOf: (alertId: number) => SortKey | undefined,
): number[] {
  const kept = order.filter((id) => !changed.has(id));
  const placed = [...changed].flatMap((id) => keyOf(id) ?? []);
  const byKey = (a: number, b: number) => compareSortKeys(mustHave(keyOf(a)), mustHave(keyOf(b)));
  if (placed.length > 64) return [...kept, ...placed.map((key) => key.alertId)].toSorted(byKey);
  for (const key of placed) kept.splice(insertionIndex(kept, key, keyOf), 0, key.alertId);
  return kept;
}

function insertionIndex(
  order: readonly number[],
  key: SortKey,
  keyOf: (alertId: number) => SortKey | undefined,
): number {
  let low = 0;
  let high = order.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (compareSortKeys(mustHave(keyOf(mustHave(order[middle]))), key) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

function mustHave<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('the alert order names an alert that is not in the store');
  return value;
}
