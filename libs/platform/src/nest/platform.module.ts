import { Module, type DynamicModule, type Provider } from '@nestjs/common';
import { Metrics, ReadinessRegistry } from '@bus/observability';
import type { Pool } from 'pg';
import { MetricsSnapshotPublisher } from '../metrics/metrics-snapshot-publisher.ts';
import { createPostgresPool, POSTGRES_POOL } from '../postgres/postgres-pool.ts';
import { RedisConnections } from '../redis/redis-connections.ts';
import type { PostgresSettings } from '../settings/postgres.settings.ts';
import type { RedisSettings } from '../settings/redis.settings.ts';
import { RuntimeSettings } from '../settings/runtime.settings.ts';
import { PlatformLifecycle } from './platform-lifecycle.ts';

export interface PlatformModuleOptions {
  /** The name of the app, as in `apps/`. */
  readonly app: string;
  readonly runtime: RuntimeSettings;
  /** Without it there are no RedisConnections and no metric snapshots. */
  readonly redis?: RedisSettings;
  /** Without it there is no POSTGRES_POOL. */
  readonly postgres?: PostgresSettings;
  /** False for an app that does its work without Postgres, too: its readiness does not ask for it. @default true */
  readonly isPostgresRequired?: boolean;
}

/**
 * What every app stands on. Global; provides RuntimeSettings, Metrics, ReadinessRegistry and, when their settings are given,
 * RedisConnections and POSTGRES_POOL, each with a readiness check unless the app can do without. Publishes the metrics of the process to Redis.
 * Its connections are closed last, in `onApplicationShutdown`, after every other module has stopped and drained.
 */
@Module({})
export class PlatformModule {
  static forRoot(options: PlatformModuleOptions): DynamicModule {
    const providers = [
      ...processProviders(options),
      ...(options.redis ? redisProviders(options, options.redis) : []),
      ...(options.postgres ? postgresProviders(options, options.postgres) : []),
    ];
    return {
      module: PlatformModule,
      global: true,
      providers: [...providers, PlatformLifecycle],
      exports: providers,
    };
  }
}

function processProviders({ app, runtime }: PlatformModuleOptions): Provider[] {
  return [
    { provide: RuntimeSettings, useValue: runtime },
    { provide: Metrics, useFactory: () => new Metrics({ app, instance: runtime.INSTANCE_ID }) },
    { provide: ReadinessRegistry, useFactory: () => new ReadinessRegistry() },
  ];
}

function redisProviders({ app, runtime }: PlatformModuleOptions, redis: RedisSettings): Provider[] {
  const clientName = `${app}:${runtime.INSTANCE_ID}`;
  return [
    {
      provide: RedisConnections,
      inject: [Metrics, ReadinessRegistry],
      useFactory: (metrics: Metrics, readiness: ReadinessRegistry) => {
        const connections = new RedisConnections(redis, { clientName, metrics });
        readiness.register('redis', async () => {
          await connections.commands.ping();
        });
        return connections;
      },
    },
    {
      provide: MetricsSnapshotPublisher,
      inject: [Metrics, RedisConnections],
      useFactory: (metrics: Metrics, connections: RedisConnections) =>
        new MetricsSnapshotPublisher(
          { app, instance: runtime.INSTANCE_ID, intervalMs: runtime.METRICS_SNAPSHOT_INTERVAL_MS },
          metrics,
          connections.commands,
        ),
    },
  ];
}

function postgresProviders(
  { app, runtime, isPostgresRequired = true }: PlatformModuleOptions,
  postgres: PostgresSettings,
): Provider[] {
  return [
    {
      provide: POSTGRES_POOL,
      inject: [Metrics, ReadinessRegistry],
      useFactory: (metrics: Metrics, readiness: ReadinessRegistry): Pool => {
        const pool = createPostgresPool(postgres, {
          applicationName: `${app}:${runtime.INSTANCE_ID}`,
          metrics,
        });
        if (isPostgresRequired) {
          readiness.register('postgres', async () => {
            await pool.query('select 1');
          });
        }
        return pool;
      },
    },
  ];
}
