import { useCallback, useEffect, useRef, useState, type PointerEvent } from 'react';
import type { AlertFilter } from './alert-filter.ts';

/** A resting hand must not hide what arrives for longer than this. */
const RELEASE_AFTER_MS = 4_000;

interface Hold {
  readonly ids: readonly number[];
  readonly filter: AlertFilter;
}

export interface HeldOrder {
  readonly ids: readonly number[];
  readonly isHeld: boolean;
  readonly release: () => void;
  /** For the scrolling element: finds out by itself whether the pointer is over a row's buttons. */
  readonly pointerProps: {
    readonly onPointerMove: (event: PointerEvent) => void;
    readonly onPointerLeave: () => void;
  };
}

/**
 * Keeps every row where it is while the mouse is over a row's buttons. Otherwise an alert arriving at that moment moves
 * the rows, and the click acknowledges another alert than the one that was aimed at.
 */
export function useHeldOrder(
  ids: readonly number[],
  filter: AlertFilter,
  has: (id: number) => boolean,
): HeldOrder {
  const [hold, setHold] = useState<Hold | null>(null);
  const timer = useRef<ReturnType<typeof setTimeout> | null>(null);

  const release = useCallback(() => {
    if (timer.current !== null) clearTimeout(timer.current);
    timer.current = null;
    setHold(null);
  }, []);
  useEffect(() => release, [release]);

  function onPointerMove(event: PointerEvent): void {
    const isOverButtons = event.target instanceof Element && event.target.closest('[data-actions]') !== null;
    if (event.pointerType !== 'mouse' || !isOverButtons) {
      if (hold) release();
      return;
    }
    if (timer.current !== null) clearTimeout(timer.current);
    timer.current = setTimeout(release, RELEASE_AFTER_MS);
    setHold((current) => current ?? { ids, filter });
  }

  const isHeld = hold !== null && hold.filter === filter;
  return {
    ids: isHeld ? hold.ids.filter(has) : ids,
    isHeld,
    release,
    pointerProps: { onPointerMove, onPointerLeave: release },
  };
}
