import { Module, type DynamicModule } from '@nestjs/common';
import { Metrics } from '@bus/observability';
import { createPostgresPool, POSTGRES_POOL } from '@bus/platform';
import type { GatewayAppSettings } from './settings.ts';

/**
 * The pool, without the readiness check `PlatformModule` would add: while Postgres is away the gateway still shows every
 * alert live, and taking it out of rotation would take that away too. The platform closes the pool at the end.
 */
@Module({})
export class PostgresModule {
  static forRoot({ runtime, postgres }: Pick<GatewayAppSettings, 'runtime' | 'postgres'>): DynamicModule {
    return {
      module: PostgresModule,
      global: true,
      providers: [
        {
          provide: POSTGRES_POOL,
          inject: [Metrics],
          useFactory: (metrics: Metrics) =>
            createPostgresPool(postgres, { applicationName: `ws-gateway:${runtime.INSTANCE_ID}`, metrics }),
        },
      ],
      exports: [POSTGRES_POOL],
    };
  }
}
