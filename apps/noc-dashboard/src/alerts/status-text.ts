import type { AlertStatus, AlertView } from '../wire/wire-types.ts';

const LABELS: Record<AlertStatus, string> = {
  new: 'New',
  acknowledged: 'Acknowledged',
  resolved: 'Resolved',
  false_alarm: 'False alarm',
};

/** The state of an alert in words, and who brought it there. */
export function statusText(alert: AlertView): { readonly label: string; readonly who: string | null } {
  const who = alert.status === 'acknowledged' ? alert.acknowledged_by : alert.resolved_by;
  return { label: LABELS[alert.status], who: alert.status === 'new' ? null : who };
}
