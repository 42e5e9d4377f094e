import { Global, Module } from '@nestjs/common';
import type { DynamicModule } from '@nestjs/common';
import { Metrics } from '@bus/observability';
import { RedisConnections } from '@bus/platform';
import type { CircuitOverrides } from './catalog/circuit-catalog.ts';
import { CircuitBreakers } from './circuit-breakers.ts';

export interface CircuitBreakerModuleOptions {
  /** Departures from the catalog for this process. What Redis was told by `configure` wins over them. */
  readonly circuits?: CircuitOverrides;
}

/** Provides `CircuitBreakers` everywhere. Needs `Metrics` and `RedisConnections` (PlatformModule). */
@Global()
@Module({})
export class CircuitBreakerModule {
  static forRoot({ circuits = {} }: CircuitBreakerModuleOptions = {}): DynamicModule {
    return {
      module: CircuitBreakerModule,
      providers: [
        {
          provide: CircuitBreakers,
          inject: [RedisConnections, Metrics],
          useFactory: (connections: RedisConnections, metrics: Metrics) =>
            new CircuitBreakers(connections, metrics, circuits),
        },
      ],
      exports: [CircuitBreakers],
    };
  }
}
