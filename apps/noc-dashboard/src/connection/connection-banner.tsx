import { Button } from '@mantine/core';
import {
  IconAlertTriangleFilled,
  IconCircleCheckFilled,
  IconHistory,
  IconPlugConnected,
  IconPlugConnectedX,
  IconRefresh,
  type Icon,
} from '@tabler/icons-react';
import { useDashboard } from '../dashboard.ts';
import { formatTime } from '../layout/time-text.ts';
import { useNow } from '../layout/use-now.ts';
import { useStore } from '../state/store.ts';
import type { BannerState } from './banner-view.ts';
import classes from './connection-banner.module.css';
import { useBannerView } from './use-banner-view.ts';

const ICONS: Record<BannerState, Icon> = {
  connecting: IconPlugConnected,
  live: IconCircleCheckFilled,
  reconnecting: IconPlugConnectedX,
  stale: IconAlertTriangleFilled,
  resumed: IconHistory,
};

/** Always on screen: whether the list below can be believed. */
export function ConnectionBanner() {
  const { feed, connection } = useDashboard();
  const view = useBannerView();
  const isWaiting = useStore(connection, ({ link }) => link.kind === 'waiting');
  const Sign = ICONS[view.state];
  return (
    <section
      className={classes.banner}
      data-testid="connection-banner"
      data-state={view.state}
      data-stale={view.isStale || undefined}
      aria-label="Connection"
    >
      <Sign className={classes.icon} size={18} aria-hidden />
      <strong className={`${classes.title} numbers`}>{view.title}</strong>{' '}
      <span className={`${classes.detail} numbers`} title={view.detail}>
        {view.detail}
      </span>
      {isWaiting && (
        <Button
          className={classes.action}
          size="compact-sm"
          variant="default"
          leftSection={<IconRefresh size={14} aria-hidden />}
          onClick={() => feed.retryNow()}
        >
          Reconnect now
        </Button>
      )}
      <Clock />
    </section>
  );
}

function Clock() {
  const { connection } = useDashboard();
  const offset = useStore(connection, (state) => state.clockOffsetMs);
  const now = useNow() + offset;
  return (
    <time
      className={`${classes.clock} numbers`}
      dateTime={new Date(now).toISOString()}
      title="Time of the gateway, in your time zone"
    >
      {formatTime(now)}
    </time>
  );
}
