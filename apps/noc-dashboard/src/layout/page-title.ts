import { useEffect } from 'react';
import { useBannerView } from '../connection/use-banner-view.ts';

/** Shows in the tab what is waiting, and whether the number can be believed. Draws nothing on the page. */
export function PageTitle({ unacknowledged }: { unacknowledged: number }) {
  const { isStale } = useBannerView();
  useEffect(() => {
    document.title = `${isStale ? '⚠ stale ' : ''}(${unacknowledged}) NOC alerts`;
  }, [unacknowledged, isStale]);
  return null;
}
