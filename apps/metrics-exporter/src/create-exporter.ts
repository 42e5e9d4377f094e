import { Logger, type LoggerService } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { AppModule } from './app.module.ts';
import type { Settings } from './settings.ts';

/** Builds the exporter; nothing listens yet. */
export async function createExporter(
  settings: Settings,
  logger: LoggerService | false,
): Promise<NestExpressApplication> {
  const app = await NestFactory.create<NestExpressApplication>(AppModule.forRoot(settings), {
    logger,
    bodyParser: false,
    abortOnError: false,
  });
  app.disable('x-powered-by');
  // Every page is new; hashing it would only cost time.
  app.disable('etag');
  return app;
}

/** Opens the door and logs where it is. */
export async function listen(
  app: NestExpressApplication,
  { exporter }: Pick<Settings, 'exporter'>,
): Promise<void> {
  await app.listen(exporter.EXPORTER_PORT, exporter.EXPORTER_HOST);
  new Logger('Exporter').log(`The metrics of the fleet are at ${await app.getUrl()}/metrics/export/.`);
}
