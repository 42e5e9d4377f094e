import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import type { AsyncMicroserviceOptions } from '@nestjs/microservices';
import { loadSettingsOrExit, runApp } from '@bus/platform';
import { AppModule } from './app.module.ts';
import { SECTIONS } from './settings.ts';
import { HeldAckMqttServer } from './transport/held-ack-mqtt.server.ts';

const settings = loadSettingsOrExit('mqtt-ingest', SECTIONS);

await runApp({
  app: 'mqtt-ingest',
  settings,
  createApp: (logger) =>
    NestFactory.createMicroservice<AsyncMicroserviceOptions>(AppModule.forRoot(settings), {
      logger,
      abortOnError: false,
      inject: [HeldAckMqttServer],
      useFactory: (strategy: HeldAckMqttServer) => ({ strategy }),
    }),
  listen: (app) => app.listen(),
});
