import { useBannerView } from '../connection/use-banner-view.ts';
import { useDashboard } from '../dashboard.ts';
import { useStore } from '../state/store.ts';
import type { Severity } from '../wire/wire-types.ts';
import type { AlertCounts } from './alert-filter.ts';
import { SEVERITIES } from './alert-order.ts';
import { severityLabel, SeverityIcon } from './severity.tsx';
import classes from './severity-tiles.module.css';

/** How much is waiting, per severity; each tile narrows the list to its severity. */
export function SeverityTiles({ counts }: { counts: AlertCounts }) {
  const { view } = useDashboard();
  const { isStale } = useBannerView();
  const chosen = useStore(view, (state) => state.filter.severities);

  function toggle(severity: Severity): void {
    const severities = chosen.includes(severity)
      ? chosen.filter((one) => one !== severity)
      : [...chosen, severity];
    view.dispatch({ type: 'filtered', change: { severities } });
  }

  return (
    <div
      className={classes.tiles}
      data-stale={isStale || undefined}
      role="group"
      aria-label="Unacknowledged alerts by severity; press to filter"
    >
      {SEVERITIES.map((severity) => {
        const { unacknowledged, open } = counts.bySeverity[severity];
        return (
          <button
            key={severity}
            type="button"
            className={classes.tile}
            data-severity={severity}
            data-quiet={unacknowledged === 0 || undefined}
            aria-pressed={chosen.includes(severity)}
            aria-label={`${severityLabel(severity)}: ${unacknowledged} unacknowledged, ${open} open`}
            title={`${unacknowledged} unacknowledged of ${open} open. Press to show only ${severity}.`}
            onClick={() => toggle(severity)}
            data-testid={`severity-${severity}`}
          >
            <SeverityIcon severity={severity} size={20} />
            <span className={`${classes.count} numbers`} data-testid={`severity-${severity}-count`}>
              {unacknowledged}
            </span>
            <span className={classes.label}>
              {severityLabel(severity)}
              <span className={`${classes.open} numbers`}>{open} open</span>
            </span>
          </button>
        );
      })}
    </div>
  );
}
