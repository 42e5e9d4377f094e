import { Module } from '@nestjs/common';
import type { DynamicModule } from '@nestjs/common';
import { ChannelLayerModule } from '@bus/channel-layer';
import { CircuitBreakerModule } from '@bus/circuit-breaker';
import {
  BroadcastOutboxQueries,
  DatabaseModule,
  DeadLetterQueries,
  IdempotencyQueries,
  ScheduleQueries,
  ScheduleRunQueries,
} from '@bus/database';
import { PlatformModule } from '@bus/platform';
import { TaskClientModule, TaskWorkerModule } from '@bus/task-base';
import { AlertsModule } from './alerts/alerts.module.ts';
import { BroadcastsModule } from './broadcasts/broadcasts.module.ts';
import { CommandsModule } from './commands/commands.module.ts';
import { DownlinkModule } from './downlink/downlink.module.ts';
import { GuardsModule } from './guards/guards.module.ts';
import { SensorsModule } from './sensors/sensors.module.ts';
import { MqttModule } from './mqtt/mqtt.module.ts';
import { queuesOf } from './settings.ts';
import type { Settings } from './settings.ts';
import { StorageModule } from './storage/storage.module.ts';
import { SystemsModule } from './systems/systems.module.ts';
import { TelemetryModule } from './telemetry/telemetry.module.ts';

/** Leaves the rest of the shutdown deadline for giving jobs back and closing connections. */
const DRAIN_SHARE = 0.8;

/** The worker: what it stands on, what it speaks to, and one module per business area. */
@Module({})
export class AppModule {
  static forRoot(settings: Settings): DynamicModule {
    const { runtime, redis, postgres, mqtt, encryption, worker } = settings;
    return {
      module: AppModule,
      imports: [
        PlatformModule.forRoot({ app: 'task-worker', runtime, redis, postgres }),
        DatabaseModule,
        ChannelLayerModule.forRoot({ encryption, outbox: BroadcastOutboxQueries }),
        CircuitBreakerModule.forRoot(),
        BroadcastsModule,
        DownlinkModule.forRoot(mqtt),
        TaskClientModule,
        TaskWorkerModule.forRoot({
          queues: queuesOf(worker),
          deadLetterStore: DeadLetterQueries,
          schedules: { store: ScheduleQueries, runs: ScheduleRunQueries },
          idempotencyStore: IdempotencyQueries,
          drainMs: Math.round(runtime.SHUTDOWN_DEADLINE_MS * DRAIN_SHARE),
        }),
        AlertsModule,
        TelemetryModule,
        GuardsModule,
        SensorsModule,
        SystemsModule,
        CommandsModule,
        MqttModule,
        StorageModule.forRoot(worker),
      ],
    };
  }
}
