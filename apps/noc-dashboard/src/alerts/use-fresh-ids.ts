import { useEffect, useState } from 'react';
import { useDashboard } from '../dashboard.ts';
import { useStore } from '../state/store.ts';

const FRESH_MS = 2_500;
const NONE: ReadonlySet<number> = new Set();

/** The alerts that arrived in the last moments, for a short highlight. */
export function useFreshIds(): ReadonlySet<number> {
  const { alerts } = useDashboard();
  const arrivals = useStore(alerts, (state) => state.arrivals);
  const [fresh, setFresh] = useState(NONE);

  useEffect(() => {
    if (arrivals.alerts.length === 0) return;
    const ids = arrivals.alerts.map((alert) => alert.alert_id);
    setFresh((current) => new Set([...current, ...ids]));
    // Not cleared by the next batch: each batch fades in its own time.
    setTimeout(() => {
      setFresh((current) => {
        const kept = [...current].filter((id) => !ids.includes(id));
        return kept.length === 0 ? NONE : new Set(kept);
      });
    }, FRESH_MS);
  }, [arrivals]);

  return fresh;
}
