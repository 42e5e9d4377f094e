import {
  Inject,
  Injectable,
  Optional,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
} from '@nestjs/common';
import type { Pool } from 'pg';
import { MetricsSnapshotPublisher } from '../metrics/metrics-snapshot-publisher.ts';
import { POSTGRES_POOL } from '../postgres/postgres-pool.ts';
import { RedisConnections } from '../redis/redis-connections.ts';

/** Starts what the platform does by itself and, when everything else has stopped, ends it in order. */
@Injectable()
export class PlatformLifecycle implements OnApplicationBootstrap, OnApplicationShutdown {
  readonly #publisher: MetricsSnapshotPublisher | undefined;
  readonly #redis: RedisConnections | undefined;
  readonly #postgres: Pool | undefined;

  constructor(
    @Optional() publisher?: MetricsSnapshotPublisher,
    @Optional() redis?: RedisConnections,
    @Optional() @Inject(POSTGRES_POOL) postgres?: Pool,
  ) {
    this.#publisher = publisher;
    this.#redis = redis;
    this.#postgres = postgres;
  }

  onApplicationBootstrap(): void {
    this.#publisher?.start();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.#publisher?.stop();
    await Promise.all([this.#redis?.closeAll(), this.#postgres?.end()]);
  }
}
