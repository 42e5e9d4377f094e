import { hasReached, sortKeyOf, type SortKey } from './alert-order.ts';
import type { AlertStatus, AlertView } from '../wire/wire-types.ts';

/** What an operator can do to an alert. */
export type AlertActionKind = 'acknowledge' | 'resolve';

/** The status each action leads to when the gateway accepts it. */
export const ACTION_TARGET: Record<AlertActionKind, AlertStatus> = {
  acknowledge: 'acknowledged',
  resolve: 'resolved',
};

/** A request on its way: shown as if it had succeeded, taken back when it did not. */
export interface PendingAction {
  readonly requestId: string;
  readonly kind: AlertActionKind;
  readonly note: string | null;
  /** Name of the user who asked. */
  readonly user: string;
  readonly startedAt: string;
  /** The gateway said yes, but the stored alert has not come back yet. */
  readonly isAccepted: boolean;
}

/** Why the last action on an alert did not take place; stays with the alert until another action is tried. */
export interface ActionFailure {
  readonly kind: AlertActionKind;
  readonly message: string;
}

/** One alert as this page knows it. */
export interface AlertEntry {
  /** The newest version the gateway told us. */
  readonly alert: AlertView;
  /** What the operator sees: `alert` with the pending action applied. */
  readonly shown: AlertView;
  readonly pending: PendingAction | null;
  readonly failure: ActionFailure | null;
  readonly sortKey: SortKey;
  /** The store's change counter when the gateway last said something about this alert. */
  readonly heardAt: number;
}

export function makeEntry(parts: Pick<AlertEntry, 'alert' | 'pending' | 'failure' | 'heardAt'>): AlertEntry {
  const isMoot = parts.pending !== null && hasReached(parts.alert.status, ACTION_TARGET[parts.pending.kind]);
  const pending = isMoot ? null : parts.pending;
  const shown = pending ? withPending(parts.alert, pending) : parts.alert;
  return { ...parts, pending, shown, sortKey: sortKeyOf(shown) };
}

function withPending(alert: AlertView, { kind, user, note, startedAt }: PendingAction): AlertView {
  const noted = { ...alert, status: ACTION_TARGET[kind], note: note ?? alert.note };
  return kind === 'acknowledge'
    ? { ...noted, acknowledged_by: user, acknowledged_at: startedAt }
    : { ...noted, resolved_by: user, resolved_at: startedAt };
}
