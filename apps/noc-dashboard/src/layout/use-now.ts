import { useSyncExternalStore } from 'react';

const listeners = new Set<() => void>();
let timer: ReturnType<typeof setTimeout> | null = null;
let tickedAt = 0;

function tick(): void {
  tickedAt = Date.now();
  // On the full second, so that a clock and a countdown on the same page change together.
  timer = setTimeout(tick, 1_000 - (tickedAt % 1_000));
  for (const notify of listeners) notify();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  if (timer === null) tick();
  return () => {
    listeners.delete(listener);
    if (listeners.size > 0 || timer === null) return;
    clearTimeout(timer);
    timer = null;
  };
}

/** Between two ticks always the same number: React asks often, and takes another answer for a change. */
function lastTick(): number {
  if (timer === null) tickedAt = Math.floor(Date.now() / 1_000) * 1_000;
  return tickedAt;
}

/** This computer's time in milliseconds; renders again every second. One timer serves all. */
export function useNow(): number {
  return useSyncExternalStore(subscribe, lastTick);
}
