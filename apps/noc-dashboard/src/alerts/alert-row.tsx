import { IconAlertCircle, IconCheck, IconChecks, IconClockExclamation } from '@tabler/icons-react';
import { memo } from 'react';
import { displayText, readableType, shortId } from '../layout/display-text.ts';
import { formatAge, formatExact } from '../layout/time-text.ts';
import { useNow } from '../layout/use-now.ts';
import type { AlertView } from '../wire/wire-types.ts';
import type { AlertActionKind, AlertEntry } from './alert-entry.ts';
import { isOpen } from './alert-order.ts';
import classes from './alert-row.module.css';
import { SeverityBadge } from './severity.tsx';
import { statusText } from './status-text.ts';

export interface AlertRowProps {
  readonly entry: AlertEntry;
  /** Place in the list, counted from 0. */
  readonly index: number;
  readonly top: number;
  readonly isSelected: boolean;
  readonly isFresh: boolean;
  /** Whether anything can be changed now. */
  readonly canAct: boolean;
  /** Add to this computer's clock to get the gateway's. */
  readonly clockOffsetMs: number;
  readonly onOpen: (alertId: number) => void;
  /** `isByKey`: the button was pressed with the keyboard, so the selection should move on. */
  readonly onAct: (kind: AlertActionKind, alertId: number, isByKey: boolean) => void;
}

export function alertRowId(alertId: number): string {
  return `alert-${alertId}`;
}

export const AlertRow = memo(function AlertRow(props: AlertRowProps) {
  const { entry, index, top, isSelected, isFresh, canAct, clockOffsetMs, onOpen, onAct } = props;
  const { shown: alert, pending, failure } = entry;
  const id = alert.alert_id;
  const focusable = isSelected ? 0 : -1;
  return (
    <div
      role="row"
      id={alertRowId(id)}
      // Row 1 is the header.
      aria-rowindex={index + 2}
      aria-selected={isSelected}
      className={classes.row}
      style={{ transform: `translateY(${top}px)` }}
      data-testid="alert-row"
      data-alert-id={id}
      data-severity={alert.severity}
      data-status={alert.status}
      data-pending={pending?.kind}
      data-fresh={isFresh || undefined}
      onClick={() => onOpen(id)}
    >
      <div role="gridcell" className={classes.severity}>
        <SeverityBadge severity={alert.severity} isLoud={alert.status === 'new'} />
      </div>
      <div role="gridcell" className={`${classes.type} foreign`} title={displayText(alert.alert_type)}>
        {readableType(alert.alert_type)}
      </div>
      <div role="gridcell" className={classes.message} title={displayText(alert.message)}>
        <bdi className="foreign" data-testid="alert-message">
          {displayText(alert.message)}
        </bdi>
      </div>
      <div role="gridcell" className={classes.source}>
        <bdi className="foreign">{displayText(alert.source_id)}</bdi>
        {alert.client_name !== null && (
          <bdi className={`${classes.client} foreign`}>{displayText(alert.client_name)}</bdi>
        )}
      </div>
      <div role="gridcell" className={`${classes.received} numbers`}>
        <ReceivedAge alert={alert} clockOffsetMs={clockOffsetMs} />
        {alert.clock_suspect && (
          <span
            className={classes.suspect}
            title={`The clock of the device is wrong (it says ${formatExact(alert.device_time)}). The alert is ordered by its arrival.`}
          >
            <IconClockExclamation size={16} role="img" aria-label="device clock is wrong" />
          </span>
        )}
      </div>
      <div role="gridcell" className={classes.status} title={failure?.message}>
        {failure !== null && (
          <IconAlertCircle className={classes.failed} size={16} role="img" aria-label="Last action failed" />
        )}
        <StatusCell entry={entry} />
      </div>
      <div role="gridcell" className={classes.actions} data-actions>
        {alert.status === 'new' && (
          <button
            type="button"
            className={classes.acknowledge}
            tabIndex={focusable}
            disabled={!canAct}
            aria-label={`Acknowledge alert ${shortId(id)}`}
            data-testid="ack-button"
            onClick={(event) => {
              event.stopPropagation();
              onAct('acknowledge', id, event.detail === 0);
            }}
          >
            <IconCheck size={16} aria-hidden />
            Ack
          </button>
        )}
        {isOpen(alert.status) && (
          <button
            type="button"
            className={classes.resolve}
            tabIndex={focusable}
            disabled={!canAct || pending !== null}
            aria-label={`Resolve alert ${shortId(id)}`}
            title="Resolve"
            data-testid="resolve-button"
            onClick={(event) => {
              event.stopPropagation();
              onAct('resolve', id, event.detail === 0);
            }}
          >
            <IconChecks size={16} aria-hidden />
            <span data-label="resolve">Resolve</span>
          </button>
        )}
      </div>
    </div>
  );
});

function StatusCell({ entry: { shown, pending } }: { entry: AlertEntry }) {
  const { label, who } = statusText(shown);
  return (
    <span className={classes.state}>
      <span className={classes.label}>{pending ? `${label}…` : label}</span>
      {who !== null && <bdi className={`${classes.who} foreign`}>{displayText(who)}</bdi>}
    </span>
  );
}

/** Renders by itself every second, so that the row need not. */
function ReceivedAge({ alert, clockOffsetMs }: { alert: AlertView; clockOffsetMs: number }) {
  const now = useNow() + clockOffsetMs;
  return (
    <time dateTime={alert.received_at} title={`Received ${formatExact(alert.received_at)}`}>
      {formatAge(Date.parse(alert.received_at), now)}
    </time>
  );
}
