import { retryDelayMs } from '../connection/retry-delay.ts';
import type { AlertPage } from '../session/gateway-api.ts';
import type { Store } from '../state/store.ts';
import type { AlertStatus, AlertView } from '../wire/wire-types.ts';
import type { AlertAction, AlertState } from './alert-store.ts';

const PAGE_SIZE = 200;
/** Between the beginnings of two loads, so that a fault repeating itself cannot turn into a storm of requests. */
const MIN_INTERVAL_MS = 1_000;

/**
 * An alert only ever moves forward through these, so reading them in this order cannot miss one that moves while the
 * pages are read. Open alerts are read completely; of the closed ones the newest page is enough.
 */
const READ_ORDER: readonly { readonly status: AlertStatus; readonly isComplete: boolean }[] = [
  { status: 'new', isComplete: true },
  { status: 'acknowledged', isComplete: true },
  { status: 'resolved', isComplete: false },
  { status: 'false_alarm', isComplete: false },
];

export interface AlertLoaderParts {
  readonly alerts: Store<AlertState, AlertAction>;
  readonly fetchPage: (query: {
    status: AlertStatus;
    limit: number;
    cursor: string | null;
  }) => Promise<AlertPage>;
  /** What to tell the operator about a failed load. */
  readonly explain: (error: unknown) => string;
  /** The gateway's clock. */
  readonly gatewayNow: () => number;
  readonly minIntervalMs?: number;
}

/** Loads the alerts from the database whenever the store says it may have missed some, until it succeeds. */
export class AlertLoader {
  private isOn = false;
  private failures = 0;
  private lastStartMs = Number.NEGATIVE_INFINITY;
  private timer: ReturnType<typeof setTimeout> | null = null;
  private generation = 0;

  constructor(private readonly parts: AlertLoaderParts) {
    parts.alerts.subscribe(() => this.consider());
  }

  start(): void {
    this.isOn = true;
    this.consider();
  }

  stop(): void {
    this.isOn = false;
    this.generation += 1;
    this.failures = 0;
    if (this.timer) clearTimeout(this.timer);
    this.timer = null;
  }

  private consider(): void {
    if (!this.isOn || this.timer !== null || this.parts.alerts.getState().completeness.kind !== 'needed')
      return;
    const backOff = this.failures === 0 ? 0 : retryDelayMs(this.failures + 1);
    const tooSoon = this.lastStartMs + (this.parts.minIntervalMs ?? MIN_INTERVAL_MS) - performance.now();
    this.timer = setTimeout(() => void this.load(), Math.max(0, backOff, tooSoon));
  }

  private async load(): Promise<void> {
    const { generation } = this;
    const { alerts, gatewayNow } = this.parts;
    this.timer = null;
    this.lastStartMs = performance.now();
    alerts.dispatch({ type: 'load_started' });
    try {
      const loaded = await this.readAll();
      if (generation !== this.generation) return;
      this.failures = 0;
      alerts.dispatch({
        type: 'load_succeeded',
        alerts: loaded,
        now: Date.now(),
        gatewayNow: gatewayNow(),
      });
    } catch (error) {
      if (generation !== this.generation) return;
      this.failures += 1;
      alerts.dispatch({ type: 'load_failed', message: this.parts.explain(error) });
    }
  }

  private async readAll(): Promise<AlertView[]> {
    const loaded: AlertView[] = [];
    for (const { status, isComplete } of READ_ORDER) {
      let cursor: string | null = null;
      do {
        const page: AlertPage = await this.parts.fetchPage({ status, limit: PAGE_SIZE, cursor });
        if (page.unreadable > 0)
          throw new Error(`${page.unreadable} alerts could not be read. Reload the page.`);
        loaded.push(...page.alerts);
        cursor = isComplete ? page.nextCursor : null;
      } while (cursor !== null);
    }
    return loaded;
  }
}
