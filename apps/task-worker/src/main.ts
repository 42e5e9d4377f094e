import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { loadSettingsOrExit, runApp } from '@bus/platform';
import { AppModule } from './app.module.ts';
import { SECTIONS } from './settings.ts';

const settings = loadSettingsOrExit('task-worker', SECTIONS);

await runApp({
  app: 'task-worker',
  settings,
  createApp: (logger) =>
    NestFactory.createApplicationContext(AppModule.forRoot(settings), { logger, abortOnError: false }),
});
