import 'reflect-metadata';
import { runApp } from '@bus/platform';
import { loadGatewaySettings } from './boot/boot-gate.ts';
import { createGateway, listen } from './create-gateway.ts';

const settings = await loadGatewaySettings();

await runApp({
  app: 'ws-gateway',
  settings,
  createApp: (logger) => createGateway(settings, logger),
  listen: (app) => listen(app, settings),
});
