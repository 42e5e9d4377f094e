import { IconFilterOff, IconPlugConnectedX, IconShieldCheck } from '@tabler/icons-react';
import { useBannerView } from '../connection/use-banner-view.ts';
import { useDashboard } from '../dashboard.ts';
import { useStore } from '../state/store.ts';
import classes from './alert-list.module.css';

/** An empty list says why it is empty. Only a live, complete and unfiltered one means that nothing is wrong. */
export function EmptyList({ hasAlerts }: { hasAlerts: boolean }) {
  const { alerts } = useDashboard();
  const banner = useBannerView();
  const isComplete = useStore(alerts, (state) => state.completeness.kind === 'complete');

  if (hasAlerts) {
    return (
      <div className={classes.empty}>
        <IconFilterOff size={36} aria-hidden />
        <p>No alert matches the filter.</p>
      </div>
    );
  }
  if (banner.isStale || !isComplete) {
    return (
      <div className={classes.empty} data-unknown>
        <IconPlugConnectedX size={36} aria-hidden />
        <p>{banner.isStale ? 'No data.' : 'Loading…'}</p>
        <p>The state of the sites is not known. This does not mean that all is well.</p>
      </div>
    );
  }
  return (
    <div className={classes.empty} data-testid="all-clear">
      <IconShieldCheck size={36} aria-hidden />
      <p>No alerts.</p>
      <p>The connection is live and the list is complete.</p>
    </div>
  );
}
