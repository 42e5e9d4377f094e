import { Module } from '@nestjs/common';
import { PublishMqtt } from './publish-mqtt.task.ts';

/** What anyone on the bus may send to a device. */
@Module({ providers: [PublishMqtt] })
export class MqttModule {}
