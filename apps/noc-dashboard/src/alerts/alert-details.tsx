import { Button, CloseButton, Textarea } from '@mantine/core';
import { IconAlertCircle, IconCheck, IconChecks, IconClockExclamation } from '@tabler/icons-react';
import { useRef, useState, type ReactNode, type Ref } from 'react';
import { displayText, readableType, shortId } from '../layout/display-text.ts';
import { formatAgo, formatExact } from '../layout/time-text.ts';
import { useNow } from '../layout/use-now.ts';
import { MAX_NOTE_LENGTH, type AlertView } from '../wire/wire-types.ts';
import type { AlertActionKind, AlertEntry } from './alert-entry.ts';
import { isOpen } from './alert-order.ts';
import { SeverityBadge } from './severity.tsx';
import { statusText } from './status-text.ts';
import classes from '../layout/side-panel.module.css';

export interface AlertDetailsProps {
  readonly entry: AlertEntry;
  readonly canAct: boolean;
  readonly clockOffsetMs: number;
  readonly noteRef: Ref<HTMLTextAreaElement>;
  readonly onAct: (kind: AlertActionKind, note: string) => void;
  readonly onClose: () => void;
}

/** Everything known about one alert. Give it the alert id as `key`, so that a note is never sent with another alert. */
export function AlertDetails({ entry, canAct, clockOffsetMs, noteRef, onAct, onClose }: AlertDetailsProps) {
  const { shown: alert, pending, failure } = entry;
  const [note, setNote] = useState('');
  const [sentNote, setSentNote] = useState<string | null>(null);
  const panel = useRef<HTMLElement>(null);
  const { label, who } = statusText(alert);

  // Kept until it is stored, so that a refused action does not cost the text.
  if (sentNote !== null && entry.alert.note === sentNote) {
    setSentNote(null);
    setNote('');
  }

  function act(kind: AlertActionKind): void {
    setSentNote(note.trim() || null);
    // The pressed button may disappear; without this the focus would be lost with it.
    panel.current?.focus();
    onAct(kind, note);
  }

  return (
    <aside
      ref={panel}
      tabIndex={-1}
      className={classes.panel}
      aria-labelledby="details-title"
      data-testid="alert-details"
      data-alert-id={alert.alert_id}
    >
      <header className={classes.header}>
        <h2 id="details-title" className="numbers">
          Alert #{shortId(alert.alert_id)}
        </h2>
        <CloseButton aria-label="Close the details" onClick={onClose} />
      </header>
      <div className={classes.body}>
        <div className={classes.badges}>
          <SeverityBadge severity={alert.severity} isLoud={alert.status === 'new'} />
          <span className={classes.status} data-status={alert.status}>
            {pending ? `${label}…` : label}
            {who !== null && (
              <>
                {' by '}
                <bdi className="foreign">{displayText(who)}</bdi>
              </>
            )}
          </span>
        </div>
        <p className={classes.message}>
          <bdi className="foreign">{displayText(alert.message)}</bdi>
        </p>
        {alert.clock_suspect && (
          <p className={classes.warning}>
            <IconClockExclamation size={18} aria-hidden />
            The clock of the device is wrong. Trust the time of arrival, not the time of the device.
          </p>
        )}
        {failure !== null && (
          <p className={classes.failure} role="status">
            <IconAlertCircle size={18} aria-hidden />
            Could not {failure.kind}: {displayText(failure.message)}
          </p>
        )}

        <Facts alert={alert} clockOffsetMs={clockOffsetMs} />

        <details className={classes.raw}>
          <summary>As received (JSON)</summary>
          <pre className="foreign">{JSON.stringify(entry.alert, null, 2)}</pre>
        </details>
      </div>
      {isOpen(alert.status) && (
        <div className={classes.footer}>
          <Textarea
            ref={noteRef}
            label="Note"
            description="Stored with the alert and seen by everyone."
            autosize={false}
            rows={2}
            maxLength={MAX_NOTE_LENGTH}
            value={note}
            onChange={(event) => setNote(event.currentTarget.value)}
            data-testid="note-field"
          />
          <div className={classes.buttons}>
            {alert.status === 'new' && (
              <Button
                leftSection={<IconCheck size={16} aria-hidden />}
                disabled={!canAct}
                onClick={() => act('acknowledge')}
                data-testid="details-ack-button"
              >
                Acknowledge
              </Button>
            )}
            <Button
              variant="default"
              leftSection={<IconChecks size={16} aria-hidden />}
              disabled={!canAct || pending !== null}
              onClick={() => act('resolve')}
              data-testid="details-resolve-button"
            >
              Resolve
            </Button>
          </div>
          {!canAct && <p className={classes.hint}>Nothing can be changed without a live connection.</p>}
        </div>
      )}
    </aside>
  );
}

function Facts({ alert, clockOffsetMs }: { alert: AlertView; clockOffsetMs: number }) {
  const now = useNow() + clockOffsetMs;
  const { location } = alert;
  return (
    <dl className={classes.facts}>
      <Fact name="Received">
        {formatExact(alert.received_at)}
        <span className={classes.aside}>{formatAgo(Date.parse(alert.received_at), now)}</span>
      </Fact>
      <Fact name="Device time">{formatExact(alert.device_time)}</Fact>
      <Fact name="Type">{readableType(alert.alert_type)}</Fact>
      <Fact name="Source">
        {displayText(alert.source_id)}
        <span className={classes.aside}>
          {alert.device_id === null ? 'not a registered device' : `device ${alert.device_id}`}
        </span>
      </Fact>
      <Fact name="Client">
        {alert.client_name === null ? 'unknown' : displayText(alert.client_name)}
        {alert.client_id !== null && <span className={classes.aside}>client {alert.client_id}</span>}
      </Fact>
      <Fact name="Location">
        {location ? `${location.lat.toFixed(5)}, ${location.lon.toFixed(5)}` : 'not given'}
      </Fact>
      {alert.acknowledged_at !== null && (
        <Fact name="Acknowledged">
          {formatExact(alert.acknowledged_at)}
          {alert.acknowledged_by !== null && (
            <span className={classes.aside}>by {displayText(alert.acknowledged_by)}</span>
          )}
        </Fact>
      )}
      {alert.resolved_at !== null && (
        <Fact name="Resolved">
          {formatExact(alert.resolved_at)}
          {alert.resolved_by !== null && (
            <span className={classes.aside}>by {displayText(alert.resolved_by)}</span>
          )}
        </Fact>
      )}
      {alert.note !== null && alert.note !== '' && <Fact name="Note">{displayText(alert.note)}</Fact>}
      <Fact name="Stored">{formatExact(alert.stored_at)}</Fact>
      <Fact name="Alert id">
        <code>{alert.alert_id}</code>
      </Fact>
      <Fact name="Message id">
        <code>{displayText(alert.message_id)}</code>
      </Fact>
    </dl>
  );
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd className="foreign numbers">{children}</dd>
    </div>
  );
}
