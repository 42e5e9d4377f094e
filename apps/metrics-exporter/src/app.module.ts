import { Module, type DynamicModule } from '@nestjs/common';
import { PlatformModule, RedisSettings } from '@bus/platform';
import { BrokerState } from './broker/broker-state.ts';
import { FleetMetrics } from './exposition/fleet-metrics.ts';
import { FleetDirectory } from './fleet/fleet-directory.ts';
import { ExportController } from './http/export.controller.ts';
import { ExporterRedis } from './redis/exporter-redis.ts';
import { RedisStateReader } from './redis/redis-state.ts';
import { BrokerSettings, ExporterSettings, type Settings } from './settings.ts';

@Module({})
export class AppModule {
  static forRoot(settings: Settings): DynamicModule {
    return {
      module: AppModule,
      imports: [PlatformModule.forRoot({ app: 'metrics-exporter', runtime: settings.runtime })],
      controllers: [ExportController],
      providers: [
        { provide: ExporterSettings, useValue: settings.exporter },
        { provide: RedisSettings, useValue: settings.redis },
        { provide: BrokerSettings, useValue: settings.broker },
        ExporterRedis,
        RedisStateReader,
        FleetDirectory,
        BrokerState,
        FleetMetrics,
      ],
    };
  }
}
