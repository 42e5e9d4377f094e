import { useDashboard } from '../dashboard.ts';
import { useNow } from '../layout/use-now.ts';
import { useStore } from '../state/store.ts';
import { bannerView, type BannerView } from './banner-view.ts';

/** What the banner says now; renders again every second, because it counts down. */
export function useBannerView(): BannerView {
  const { alerts, connection } = useDashboard();
  const now = useNow();
  const state = useStore(connection, (current) => current);
  const completeness = useStore(alerts, (current) => current.completeness);
  return bannerView(state, completeness, now);
}
