import { Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { Metrics } from '@bus/observability';
import { RedisConnections, RedisSettings, RuntimeSettings, type RedisConnection } from '@bus/platform';

const FIRST_CONNECTION_MS = 2_000;

/**
 * The exporter's own connection. Not the one of `PlatformModule`, which makes a process not ready while Redis is away:
 * just then the exporter has something to say. Commands fail within 2 s, at once when Redis is known to be away, so a
 * scrape is answered in time.
 */
@Injectable()
export class ExporterRedis implements OnApplicationBootstrap, OnApplicationShutdown {
  readonly connection: RedisConnection;
  readonly #connections: RedisConnections;

  constructor(settings: RedisSettings, runtime: RuntimeSettings, metrics: Metrics) {
    this.#connections = new RedisConnections(settings, {
      clientName: `metrics-exporter:${runtime.INSTANCE_ID}`,
      metrics,
    });
    this.connection = this.#connections.create('producer', 'metrics');
  }

  /** Waits for Redis for a moment, so that the first page after a start does not say that it is away. */
  async onApplicationBootstrap(): Promise<void> {
    if (this.connection.status === 'ready') return;
    await new Promise<void>((resolve) => {
      const patience = setTimeout(resolve, FIRST_CONNECTION_MS);
      this.connection.once('ready', () => {
        clearTimeout(patience);
        resolve();
      });
    });
  }

  async onApplicationShutdown(): Promise<void> {
    await this.#connections.closeAll();
  }
}
