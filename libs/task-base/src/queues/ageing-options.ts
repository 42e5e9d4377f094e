/** How waiting jobs rise through the priorities of their queue. */
export interface AgeingOptions {
  /** A job that has waited this long counts as one priority more urgent, after twice this as two, and so on. */
  readonly stepMs: number;
  /** Between two passes over a queue, whichever of the workers makes them. */
  readonly intervalMs: number;
}

/** From priority 0 to 10 in ten minutes. */
export const DEFAULT_AGEING: AgeingOptions = { stepMs: 60_000, intervalMs: 10_000 };
