import { Button, CloseButton } from '@mantine/core';
import { useDashboard } from '../dashboard.ts';
import { displayText, readableType } from '../layout/display-text.ts';
import classes from '../layout/side-panel.module.css';
import { formatExact } from '../layout/time-text.ts';
import { useStore } from '../state/store.ts';

/** What the bus has reported about itself since the page was opened, newest first. */
export function NoticesPanel({ onClose }: { onClose: () => void }) {
  const { alerts } = useDashboard();
  const notices = useStore(alerts, (state) => state.notices);
  return (
    <aside className={classes.panel} aria-labelledby="notices-title" data-testid="notices-panel">
      <header className={classes.header}>
        <h2 id="notices-title">System notices</h2>
        <CloseButton aria-label="Close the system notices" onClick={onClose} />
      </header>
      <div className={classes.body}>
        {notices.length === 0 && <p>Nothing reported since this page was opened.</p>}
        <ul className={classes.notices}>
          {notices.map((notice) => (
            <li key={notice.key} data-testid="system-notice">
              <strong className="foreign">{readableType(notice.code)}</strong>
              <span className="foreign">{displayText(notice.reason)}</span>
              <br />
              <small className="foreign numbers">
                {formatExact(notice.occurredAt)}
                {notice.sourceId === null ? '' : ` · source ${displayText(notice.sourceId)}`}
                {notice.topic === null ? '' : ` · ${displayText(notice.topic)}`}
              </small>
              {notice.excerpt !== null && <pre className="foreign">{displayText(notice.excerpt)}</pre>}
            </li>
          ))}
        </ul>
      </div>
      {notices.length > 0 && (
        <div className={classes.footer}>
          <Button variant="default" onClick={() => alerts.dispatch({ type: 'notices_cleared' })}>
            Clear the notices
          </Button>
        </div>
      )}
    </aside>
  );
}
