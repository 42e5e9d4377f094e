import 'reflect-metadata';
import { loadSettingsOrExit, runApp } from '@bus/platform';
import { createExporter, listen } from './create-exporter.ts';
import { SECTIONS } from './settings.ts';

const settings = loadSettingsOrExit('metrics-exporter', SECTIONS);

await runApp({
  app: 'metrics-exporter',
  settings,
  createApp: (logger) => createExporter(settings, logger),
  listen: (app) => listen(app, settings),
});
