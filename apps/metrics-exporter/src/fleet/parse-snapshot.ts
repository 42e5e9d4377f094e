import { isRecord, usableMetrics, type PublishedMetric } from '../exposition/published-metric.ts';

/** What a process left in Redis, as far as it can be used. */
export interface Snapshot {
  readonly app: string;
  readonly instance: string;
  /** When it was taken by the clock of the process, epoch milliseconds. */
  readonly at: number;
  readonly metrics: readonly PublishedMetric[];
  /** Metrics that were left out because their form is wrong. */
  readonly unusable: number;
}

/** Reads a snapshot; null when the text is none. */
export function parseSnapshot(text: string): Snapshot | null {
  const parsed = parseJson(text);
  if (!isRecord(parsed)) return null;
  const { at, app, instance, metrics } = parsed;
  if (typeof at !== 'number' || !isName(app) || !isName(instance) || !Array.isArray(metrics)) return null;
  const { usable, unusable } = usableMetrics(metrics);
  return { app, instance, at, metrics: usable, unusable };
}

function isName(text: unknown): text is string {
  return typeof text === 'string' && text.length > 0;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
