import { useVirtualizer } from '@tanstack/react-virtual';
import { IconArrowUp } from '@tabler/icons-react';
import {
  useCallback,
  useEffect,
  useImperativeHandle,
  useMemo,
  useRef,
  useState,
  type Ref,
  type RefObject,
} from 'react';
import { useDashboard } from '../dashboard.ts';
import { useStore } from '../state/store.ts';
import { AlertRow, alertRowId, type AlertRowProps } from './alert-row.tsx';
import classes from './alert-list.module.css';
import { EmptyList } from './empty-list.tsx';
import { useFreshIds } from './use-fresh-ids.ts';
import { useHeldOrder } from './use-held-order.ts';
import { useScrollAnchor } from './use-scroll-anchor.ts';

/** Must agree with `--row-height` in theme.css. */
const ROW_HEIGHT_REM = 2.75;
const COLUMNS = ['Severity', 'Type', 'Message', 'Source / client', 'Received', 'Status', 'Actions'] as const;

export interface AlertListHandle {
  /** The ids as they stand on screen, which may lag behind while rows are held. */
  readonly shownIds: () => readonly number[];
  readonly reveal: (alertId: number) => void;
  readonly focus: () => void;
}

export interface AlertListProps {
  readonly ids: readonly number[];
  readonly canAct: boolean;
  readonly onAct: AlertRowProps['onAct'];
  readonly handle: Ref<AlertListHandle>;
}

/** The alerts as a grid of which only the visible rows exist, so that ten thousand scroll like ten. */
export function AlertList({ ids, canAct, onAct, handle }: AlertListProps) {
  const { alerts, connection, view } = useDashboard();
  const entries = useStore(alerts, (state) => state.entries);
  const filter = useStore(view, (state) => state.filter);
  const selectedId = useStore(view, (state) => state.selectedId);
  const clockOffsetMs = useStore(connection, (state) => state.clockOffsetMs);
  const grid = useRef<HTMLDivElement>(null);
  const scroller = useRef<HTMLDivElement>(null);
  const rowHeight = useMemo(rowHeightPx, []);
  const held = useHeldOrder(ids, filter, (id) => entries.has(id));
  const freshIds = useFreshIds();
  useScrollAnchor(scroller, held.ids, rowHeight);

  const virtualizer = useVirtualizer({
    count: held.ids.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight,
    getItemKey: (index) => held.ids[index] ?? index,
    overscan: 10,
  });
  const rows = virtualizer.getVirtualItems();
  const isSelectedRendered = rows.some((row) => row.key === selectedId);

  useImperativeHandle(handle, () => ({
    shownIds: () => held.ids,
    reveal: (alertId) => {
      held.release();
      const index = held.ids.indexOf(alertId);
      if (index >= 0) virtualizer.scrollToIndex(index, { align: 'auto' });
    },
    focus: () => grid.current?.focus(),
  }));

  const open = useCallback(
    (alertId: number) => {
      view.dispatch({ type: 'selected', alertId });
      view.dispatch({ type: 'panel_opened', panel: 'details' });
    },
    [view],
  );

  return (
    <div
      ref={grid}
      className={classes.grid}
      role="grid"
      tabIndex={0}
      id="alert-list"
      data-list
      aria-label="Alerts, unacknowledged first"
      aria-activedescendant={selectedId !== null && isSelectedRendered ? alertRowId(selectedId) : undefined}
      aria-rowcount={held.ids.length + 1}
      aria-colcount={COLUMNS.length}
    >
      <div role="row" aria-rowindex={1} className={classes.head}>
        {COLUMNS.map((name) => (
          <div role="columnheader" key={name}>
            {name}
          </div>
        ))}
      </div>
      <div ref={scroller} className={classes.scroller} role="rowgroup" {...held.pointerProps}>
        <div className={classes.canvas} role="presentation" style={{ height: virtualizer.getTotalSize() }}>
          {rows.map((row) => {
            const id = held.ids[row.index];
            const entry = id === undefined ? undefined : entries.get(id);
            return entry === undefined ? null : (
              <AlertRow
                key={row.key}
                entry={entry}
                index={row.index}
                top={row.start}
                isSelected={id === selectedId}
                isFresh={freshIds.has(entry.alert.alert_id)}
                canAct={canAct}
                clockOffsetMs={clockOffsetMs}
                onOpen={open}
                onAct={onAct}
              />
            );
          })}
        </div>
        {held.ids.length === 0 && <EmptyList hasAlerts={entries.size > 0} />}
      </div>
      <NewAbove scroller={scroller} isHeld={held.isHeld} release={held.release} />
    </div>
  );
}

/** Says that alerts have arrived out of sight, and leads to them. */
function NewAbove({
  scroller,
  isHeld,
  release,
}: {
  scroller: RefObject<HTMLDivElement | null>;
  isHeld: boolean;
  release: () => void;
}) {
  const { alerts } = useDashboard();
  const arrivals = useStore(alerts, (state) => state.arrivals);
  const [seen, setSeen] = useState(arrivals.sequence);
  const [missed, setMissed] = useState({ count: 0, hasCritical: false });
  const [isScrolled, setIsScrolled] = useState(false);
  const isOutOfSight = isScrolled || isHeld;

  useEffect(() => {
    const element = scroller.current;
    if (!element) return;
    const update = () => setIsScrolled(element.scrollTop > 4);
    element.addEventListener('scroll', update, { passive: true });
    return () => element.removeEventListener('scroll', update);
  }, [scroller]);

  if (!isOutOfSight && missed.count > 0) setMissed({ count: 0, hasCritical: false });
  if (arrivals.sequence !== seen) {
    setSeen(arrivals.sequence);
    if (isOutOfSight) {
      setMissed({
        count: missed.count + arrivals.alerts.length,
        hasCritical: missed.hasCritical || arrivals.alerts.some((alert) => alert.severity === 'critical'),
      });
    }
  }
  if (missed.count === 0) return null;
  return (
    <button
      type="button"
      className={classes.newAbove}
      data-critical={missed.hasCritical || undefined}
      onClick={() => {
        release();
        scroller.current?.scrollTo({ top: 0 });
      }}
    >
      <IconArrowUp size={16} aria-hidden />
      {missed.count} new {missed.count === 1 ? 'alert' : 'alerts'}
      {missed.hasCritical ? ', critical' : ''}
    </button>
  );
}

function rowHeightPx(): number {
  return ROW_HEIGHT_REM * Number.parseFloat(getComputedStyle(document.documentElement).fontSize);
}
