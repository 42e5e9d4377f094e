import { useLayoutEffect, useRef, type RefObject } from 'react';

/**
 * Keeps the rows in view where they are when others are inserted or removed above them. At the very top nothing is
 * held: there, new alerts are meant to come into view.
 */
export function useScrollAnchor(
  scroller: RefObject<HTMLElement | null>,
  ids: readonly number[],
  rowHeight: number,
): void {
  const before = useRef(ids);
  useLayoutEffect(() => {
    const previous = before.current;
    before.current = ids;
    const element = scroller.current;
    if (!element || previous === ids || element.scrollTop < rowHeight / 2) return;
    const first = Math.floor(element.scrollTop / rowHeight);
    const inView = previous.slice(first, first + Math.ceil(element.clientHeight / rowHeight));
    const shifts = inView.flatMap((id, place) => {
      const index = ids.indexOf(id);
      return index < 0 ? [] : [index - (first + place)];
    });
    // The median: single rows may have moved because of what was done to them, the view follows the others.
    const shift = shifts.toSorted((a, b) => a - b)[Math.floor(shifts.length / 2)];
    if (shift) element.scrollTop += shift * rowHeight;
  }, [ids, rowHeight, scroller]);
}
