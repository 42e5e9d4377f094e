/** How long a frame may be on its way. */
export const MAX_AGE_MS = 60_000;

/**
 * By how much the clock of any process may be wrong without harm. Generous, because it costs nothing but memory for
 * the replay windows: within it, replays are recognised by their counter, not by their time.
 */
export const CLOCK_LEEWAY_MS = 600_000;
