import type { Metrics } from '@bus/observability';
import type { BroadcastPriority } from '@bus/payload-schemas';
import type { BroadcastTarget } from './broadcast/broadcast.ts';
import type { RejectReason } from './seal/opener.ts';

/** What the channel layer counts, in its own words. */
export class ChannelMetrics {
  readonly #metrics: Metrics;

  constructor(metrics: Metrics) {
    this.#metrics = metrics;
  }

  broadcast(
    target: BroadcastTarget,
    priority: BroadcastPriority,
    handedOver: boolean,
    seconds: number,
  ): void {
    const result = handedOver ? 'success' : 'failure';
    this.#metrics.counter('bus_websocket_broadcast_total').inc({ target, priority, result });
    this.#metrics.histogram('bus_websocket_broadcast_duration_seconds').observe({ target }, seconds);
  }

  duplicateSuppressed(): void {
    this.#metrics.counter('bus_channel_duplicates_suppressed_total').inc();
  }

  received(): void {
    this.#metrics.counter('bus_channel_received_total').inc();
  }

  rejected(reason: RejectReason): void {
    this.#metrics.counter('bus_channel_rejected_total').inc({ reason });
  }

  delivered(secondsSinceSealed: number): void {
    this.#metrics.histogram('bus_websocket_adapter_lag_seconds').observe(secondsSinceSealed);
  }

  gap(result: 'filled' | 'lost'): void {
    this.#metrics.counter('bus_channel_gap_fills_total').inc({ result });
  }

  outboxKept(result: 'kept' | 'lost'): void {
    this.#metrics.counter('bus_channel_outbox_kept_total').inc({ result });
  }

  outboxSent(): void {
    this.#metrics.counter('bus_channel_outbox_sent_total').inc();
  }
}
