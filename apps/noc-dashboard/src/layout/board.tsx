import { useCallback, useMemo, useRef, type ReactNode } from 'react';
import type { AlertActionKind } from '../alerts/alert-entry.ts';
import { AlertDetails } from '../alerts/alert-details.tsx';
import { countAlerts, filterAlerts } from '../alerts/alert-filter.ts';
import { AlertList, type AlertListHandle } from '../alerts/alert-list.tsx';
import { FilterBar } from '../alerts/filter-bar.tsx';
import { ConnectionBanner } from '../connection/connection-banner.tsx';
import { useBannerView } from '../connection/use-banner-view.ts';
import { useDashboard } from '../dashboard.ts';
import { MessageStack } from '../notices/message-stack.tsx';
import { NoticesPanel } from '../notices/notices-panel.tsx';
import { useStore } from '../state/store.ts';
import type { SessionUser } from '../wire/wire-types.ts';
import classes from './board.module.css';
import { Header } from './header.tsx';
import { HelpDialog } from './help-dialog.tsx';
import { LiveRegions } from './live-regions.tsx';
import { SoundPrompt } from './sound-control.tsx';
import { formatTime } from './time-text.ts';
import { PageTitle } from './page-title.ts';
import { useTriageKeys } from './use-triage-keys.ts';

/** The page of somebody who is signed in. */
export function Board({ user }: { user: SessionUser }) {
  const { alerts, commands, connection, view } = useDashboard();
  const order = useStore(alerts, (state) => state.order);
  const entries = useStore(alerts, (state) => state.entries);
  const filter = useStore(view, (state) => state.filter);
  const selectedId = useStore(view, (state) => state.selectedId);
  const panel = useStore(view, (state) => state.panel);
  const clockOffsetMs = useStore(connection, (state) => state.clockOffsetMs);
  const canAct = useStore(connection, (state) => state.link.kind === 'live');
  const ids = useMemo(() => filterAlerts(order, entries, filter), [order, entries, filter]);
  const counts = useMemo(() => countAlerts(entries), [entries]);

  const list = useRef<AlertListHandle>(null);
  const filterText = useRef<HTMLInputElement>(null);
  const note = useRef<HTMLTextAreaElement>(null);
  const actAndMoveOn = useTriageKeys({ list, filterText, note });

  const actOnRow = useCallback(
    (kind: AlertActionKind, alertId: number, isByKey: boolean) => {
      // The pressed button may disappear; without this the focus would be lost with it.
      list.current?.focus();
      if (isByKey) actAndMoveOn(kind);
      else commands.act(kind, alertId, null);
    },
    [actAndMoveOn, commands],
  );
  const closePanel = useCallback(() => {
    view.dispatch({ type: 'panel_closed' });
    list.current?.focus();
  }, [view]);
  const selected = selectedId === null ? undefined : entries.get(selectedId);

  return (
    <div className={classes.board}>
      <a className={classes.skip} href="#alert-list">
        Skip to the alerts
      </a>
      <Header counts={counts} user={user} />
      <ConnectionBanner />
      <SoundPrompt className={classes.soundPrompt} />
      <main className={classes.main}>
        <h2 className="visually-hidden">Alerts</h2>
        <FilterBar counts={counts} shown={ids.length} textRef={filterText} />
        <div className={classes.frame}>
          <ListFrame>
            <AlertList ids={ids} canAct={canAct} onAct={actOnRow} handle={list} />
          </ListFrame>
          {panel === 'details' && selected && (
            <AlertDetails
              key={selected.alert.alert_id}
              entry={selected}
              canAct={canAct}
              clockOffsetMs={clockOffsetMs}
              noteRef={note}
              onAct={(kind, text) => void commands.act(kind, selected.alert.alert_id, text)}
              onClose={closePanel}
            />
          )}
          {panel === 'notices' && <NoticesPanel onClose={closePanel} />}
        </div>
      </main>
      <MessageStack />
      <KeyHints />
      <HelpDialog />
      <LiveRegions />
      <PageTitle unacknowledged={counts.unacknowledged} />
    </div>
  );
}

/** Takes the colour out of the list, and says so, while it may not be what is true. */
function ListFrame({ children }: { children: ReactNode }) {
  const { connection } = useDashboard();
  const { isStale } = useBannerView();
  const aliveAt = useStore(connection, (state) => state.aliveAt);
  return (
    <div className={classes.list} data-stale={isStale || undefined} data-testid="alert-list-frame">
      {children}
      {isStale && (
        <p className={`${classes.staleMark} numbers`} data-testid="stale-mark">
          {aliveAt === null ? 'Not connected yet' : `Last known state, ${formatTime(aliveAt)}`}
        </p>
      )}
    </div>
  );
}

function KeyHints() {
  const { view } = useDashboard();
  const areShortcutsOn = useStore(view, (state) => state.areShortcutsOn);
  return (
    <footer className={classes.footer} aria-label="Keyboard shortcuts">
      {areShortcutsOn ? (
        <>
          <span>
            <kbd>j</kbd> <kbd>k</kbd> move
          </span>
          <span>
            <kbd>a</kbd> acknowledge
          </span>
          <span>
            <kbd>r</kbd> resolve
          </span>
          <span>
            <kbd>Enter</kbd> details
          </span>
          <span>
            <kbd>n</kbd> note
          </span>
          <span>
            <kbd>/</kbd> filter
          </span>
          <span>
            <kbd>?</kbd> help
          </span>
        </>
      ) : (
        <span>Single-letter shortcuts are off.</span>
      )}
    </footer>
  );
}
