import { Module } from '@nestjs/common';
import type { DynamicModule } from '@nestjs/common';
import { ChannelLayerModule } from '@bus/channel-layer';
import { BroadcastOutboxQueries, DatabaseModule } from '@bus/database';
import { MqttSettings, PlatformModule, RedisConnections, RedisWriteBarrier } from '@bus/platform';
import { TaskClientModule } from '@bus/task-base';
import { DeviceAlertController } from './alerts/device-alert.controller.ts';
import { ExpressAlerts } from './alerts/express-alerts.ts';
import { CommandReplyController } from './devices/command-reply.controller.ts';
import { DeviceTelemetryController } from './devices/device-telemetry.controller.ts';
import { GuardGpsController } from './guards/guard-gps.controller.ts';
import { EnqueueLanes } from './lanes/enqueue-lanes.ts';
import { IngestMetrics } from './metrics/ingest-metrics.ts';
import { ErrorAnswers } from './refusals/error-answers.ts';
import { NocNotices } from './refusals/noc-notices.ts';
import { DatabaseQuarantine, Quarantine } from './refusals/quarantine.ts';
import { Refusals } from './refusals/refusals.ts';
import { SensorStatusController } from './sensors/sensor-status.controller.ts';
import { IngestSettings } from './settings.ts';
import type { Settings } from './settings.ts';
import { SystemHealthController } from './systems/system-health.controller.ts';
import { Broker } from './transport/broker.ts';
import { HeldAckMqttServer } from './transport/held-ack-mqtt.server.ts';

/** Ingest: the broker on one side, the task queues on the other, and one handler per topic in between. */
@Module({})
export class AppModule {
  static forRoot(settings: Settings): DynamicModule {
    const { runtime, redis, postgres, mqtt, encryption, ingest } = settings;
    return {
      module: AppModule,
      imports: [
        // Without Postgres only the quarantine and the short way are missing, and no alert must wait for them.
        PlatformModule.forRoot({ app: 'mqtt-ingest', runtime, redis, postgres, isPostgresRequired: false }),
        DatabaseModule,
        ChannelLayerModule.forRoot({ encryption, outbox: BroadcastOutboxQueries }),
        TaskClientModule,
      ],
      controllers: [
        DeviceAlertController,
        DeviceTelemetryController,
        CommandReplyController,
        GuardGpsController,
        SensorStatusController,
        SystemHealthController,
      ],
      providers: [
        { provide: MqttSettings, useValue: mqtt },
        { provide: IngestSettings, useValue: ingest },
        { provide: Quarantine, useClass: DatabaseQuarantine },
        {
          provide: RedisWriteBarrier,
          inject: [RedisConnections],
          useFactory: (connections: RedisConnections) =>
            new RedisWriteBarrier(connections.create('producer', 'write-barrier')),
        },
        IngestMetrics,
        EnqueueLanes,
        ExpressAlerts,
        Broker,
        ErrorAnswers,
        NocNotices,
        Refusals,
        HeldAckMqttServer,
      ],
    };
  }
}
