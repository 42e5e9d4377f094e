import { isOpen } from './alert-order.ts';
import type { AlertEntry } from './alert-entry.ts';
import { shortId } from '../layout/display-text.ts';
import type { AlertStatus, AlertView, Severity } from '../wire/wire-types.ts';

/** `closed` covers resolved and false alarms. */
export type StatusFilter = 'all' | 'new' | 'acknowledged' | 'closed';

export interface AlertFilter {
  readonly status: StatusFilter;
  /** Only these severities; empty means every severity. */
  readonly severities: readonly Severity[];
  /** Every word must occur somewhere in the alert. */
  readonly text: string;
  readonly isClosedHidden: boolean;
}

export const EVERYTHING: AlertFilter = { status: 'all', severities: [], text: '', isClosedHidden: false };

/** How many alerts there are, before any filter. */
export interface AlertCounts {
  readonly total: number;
  readonly unacknowledged: number;
  readonly acknowledged: number;
  readonly closed: number;
  readonly bySeverity: Readonly<Record<Severity, { readonly unacknowledged: number; readonly open: number }>>;
}

/** The alerts to show, in their given order. */
export function filterAlerts(
  order: readonly number[],
  entries: ReadonlyMap<number, AlertEntry>,
  filter: AlertFilter,
): readonly number[] {
  if (isFilterOff(filter)) return order;
  const words = filter.text.toLowerCase().split(/\s+/).filter(Boolean);
  const severities = new Set(filter.severities);
  return order.filter((id) => {
    const alert = entries.get(id)?.shown;
    return (
      alert !== undefined &&
      hasStatus(alert.status, filter) &&
      (severities.size === 0 || severities.has(alert.severity)) &&
      (words.length === 0 || containsWords(alert, words))
    );
  });
}

export function isFilterOff(filter: AlertFilter): boolean {
  const { status, severities, text, isClosedHidden } = filter;
  return status === 'all' && severities.length === 0 && text.trim() === '' && !isClosedHidden;
}

const none = () => ({ unacknowledged: 0, open: 0 });

export function countAlerts(entries: ReadonlyMap<number, AlertEntry>): AlertCounts {
  const bySeverity = { critical: none(), high: none(), medium: none(), low: none(), info: none() };
  const counts = { total: entries.size, unacknowledged: 0, acknowledged: 0, closed: 0 };
  for (const { shown } of entries.values()) {
    if (!isOpen(shown.status)) {
      counts.closed += 1;
      continue;
    }
    bySeverity[shown.severity].open += 1;
    if (shown.status === 'new') {
      counts.unacknowledged += 1;
      bySeverity[shown.severity].unacknowledged += 1;
    } else {
      counts.acknowledged += 1;
    }
  }
  return { ...counts, bySeverity };
}

function hasStatus(status: AlertStatus, filter: AlertFilter): boolean {
  const isClosed = !isOpen(status);
  if (filter.status === 'all') return !(isClosed && filter.isClosedHidden);
  return filter.status === 'closed' ? isClosed : status === filter.status;
}

const searchTexts = new WeakMap<AlertView, string>();

function containsWords(alert: AlertView, words: readonly string[]): boolean {
  let text = searchTexts.get(alert);
  if (text === undefined) {
    const {
      alert_id: id,
      message,
      alert_type: type,
      source_id: source,
      client_name: client,
      severity,
      note,
    } = alert;
    text = [
      `#${id}`,
      `#${shortId(id)}`,
      message,
      type,
      type.replaceAll('_', ' '),
      source,
      client,
      severity,
      note,
    ]
      .join('\n')
      .toLowerCase();
    searchTexts.set(alert, text);
  }
  return words.every((word) => text.includes(word));
}
