import { Module } from '@nestjs/common';
import type { DynamicModule } from '@nestjs/common';
import { Metrics } from '@bus/observability';
import { RuntimeSettings, connectMqtt } from '@bus/platform';
import type { MqttSettings } from '@bus/platform';
import { Downlink, MQTT_CLIENT } from './downlink.ts';

/** The way to the devices. The worker is ready without it: alerts are stored and shown whether or not the broker is there. */
@Module({})
export class DownlinkModule {
  static forRoot(settings: MqttSettings): DynamicModule {
    return {
      module: DownlinkModule,
      global: true,
      providers: [
        {
          provide: MQTT_CLIENT,
          inject: [RuntimeSettings, Metrics],
          useFactory: (runtime: RuntimeSettings, metrics: Metrics) =>
            connectMqtt(settings, {
              clientId: `task-worker-${runtime.INSTANCE_ID}`,
              cleanStart: true,
              metrics,
            }),
        },
        Downlink,
      ],
      exports: [Downlink],
    };
  }
}
