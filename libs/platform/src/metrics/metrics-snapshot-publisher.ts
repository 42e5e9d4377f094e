import { Logger } from '@nestjs/common';
import type { Metrics } from '@bus/observability';
import { RepeatedWarning } from '../lifecycle/repeated-warning.ts';
import type { RedisConnection } from '../redis/redis-connections.ts';
import { redisKeys } from '../redis/redis-keys.ts';
import { metricsSnapshotField, type MetricsSnapshot } from './metrics-snapshot.ts';

/**
 * Leaves the metrics of this process in Redis every few seconds, where the exporter collects them. A clean stop removes
 * them; those of a process that died stay, so the exporter can tell. Redis being away costs nothing but the snapshots.
 */
export class MetricsSnapshotPublisher {
  readonly #warning = new RepeatedWarning(new Logger(MetricsSnapshotPublisher.name));
  readonly #options: { app: string; instance: string; intervalMs: number };
  readonly #metrics: Metrics;
  readonly #redis: RedisConnection;
  readonly #startedAt = Math.round(performance.timeOrigin);
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> = Promise.resolve();
  #isRunning = false;

  constructor(
    options: { app: string; instance: string; intervalMs: number },
    metrics: Metrics,
    redis: RedisConnection,
  ) {
    this.#options = options;
    this.#metrics = metrics;
    this.#redis = redis;
  }

  /** Begins publishing, the first snapshot at once. */
  start(): void {
    this.#publishUnlessBusy();
    this.#timer = setInterval(() => this.#publishUnlessBusy(), this.#options.intervalMs);
    this.#timer.unref();
  }

  /** Ends publishing and removes the snapshot where Redis can be reached. Never rejects. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#running;
    if (this.#redis.status !== 'ready') return;
    await this.#attempt(() => this.#redis.hdel(redisKeys.metrics, this.#field));
  }

  get #field(): string {
    return metricsSnapshotField(this.#options.app, this.#options.instance);
  }

  #publishUnlessBusy(): void {
    // A command sent while Redis is away would wait in line and pile up; the next interval brings a newer one anyway.
    if (this.#isRunning || this.#redis.status !== 'ready') return;
    this.#isRunning = true;
    this.#running = this.#attempt(() => this.#publish()).finally(() => (this.#isRunning = false));
  }

  async #publish(): Promise<void> {
    const { app, instance } = this.#options;
    const snapshot: MetricsSnapshot = {
      at: Date.now(),
      app,
      instance,
      started_at: this.#startedAt,
      metrics: await this.#metrics.snapshot(),
    };
    await this.#redis.hset(redisKeys.metrics, this.#field, JSON.stringify(snapshot));
  }

  async #attempt(action: () => Promise<unknown>): Promise<void> {
    try {
      await action();
    } catch (error) {
      this.#metrics.counter('bus_metrics_snapshot_failures_total').inc();
      this.#warning.warn(
        'The metrics could not be published to Redis; the next interval tries again.',
        error instanceof Error ? error : new Error(String(error)),
      );
    }
  }
}
