import { useEffect, useRef } from 'react';
import { useBannerView } from '../connection/use-banner-view.ts';
import { useDashboard } from '../dashboard.ts';
import { useStore } from '../state/store.ts';
import type { Announcement } from './announcer.ts';

/** What a screen reader hears without being asked. Both regions exist from the start, or nothing would be heard. */
export function LiveRegions() {
  const { announcements } = useDashboard();
  const { assertive, polite } = useStore(announcements, (state) => state);
  useConnectionAnnouncements();
  return (
    <>
      <div className="visually-hidden" aria-live="assertive" data-testid="live-assertive">
        <Sentence announcement={assertive} />
      </div>
      <div className="visually-hidden" aria-live="polite" data-testid="live-polite">
        <Sentence announcement={polite} />
      </div>
    </>
  );
}

function Sentence({ announcement }: { announcement: Announcement }) {
  return <p key={announcement.id}>{announcement.text}</p>;
}

/** Says each change of the connection once; the banner itself counts seconds and would never stop talking. */
function useConnectionAnnouncements(): void {
  const { announcements } = useDashboard();
  const { state, isStale, detail, title } = useBannerView();
  const said = useRef(state);
  useEffect(() => {
    if (said.current === state) return;
    const wasResumed = said.current === 'resumed';
    said.current = state;
    if (wasResumed && state === 'live') return;
    const text = isStale
      ? 'Connection lost. The list is not current.'
      : `Connection: ${title}. ${state === 'resumed' ? detail : ''}`;
    announcements.dispatch({ urgency: isStale ? 'assertive' : 'polite', text });
  }, [announcements, state, isStale, detail, title]);
}
