import { NestFactory } from '@nestjs/core';
import type { LoggerService } from '@nestjs/common';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { AppModule } from './app.module.ts';
import { DashboardPage } from './dashboard/dashboard-page.ts';
import { securityHeaders } from './dashboard/security-headers.ts';
import { GatewayRedis } from './limits/gateway-redis.ts';
import type { GatewayAppSettings } from './settings.ts';
import { GatewayIoAdapter } from './sockets/gateway-io.adapter.ts';
import { NocGateway } from './sockets/noc.gateway.ts';

const MAX_BODY_BYTES = 64 * 1024;
/** Whoever takes longer to send a small request is not going to. */
const HEADERS_WITHIN_MS = 10_000;
const REQUEST_WITHIN_MS = 20_000;

/** Builds the gateway; nothing listens yet. */
export async function createGateway(
  settings: GatewayAppSettings,
  logger: LoggerService | false,
): Promise<NestExpressApplication> {
  const app = await NestFactory.create<NestExpressApplication>(AppModule.forRoot(settings), {
    logger,
    bodyParser: false,
    abortOnError: false,
  });
  app.disable('x-powered-by');
  app.disable('etag');
  app.set('query parser', 'simple');
  app.use(securityHeaders);
  app.use(app.get(DashboardPage).router());
  app.useBodyParser('json', { limit: MAX_BODY_BYTES });
  app.useWebSocketAdapter(new GatewayIoAdapter(app));
  const server = app.getHttpServer();
  server.headersTimeout = HEADERS_WITHIN_MS;
  server.requestTimeout = REQUEST_WITHIN_MS;
  return app;
}

/** Opens the door, once broadcasts arrive and sessions can be looked up: a browser must never believe it is live when it is not. */
export async function listen(
  app: NestExpressApplication,
  { gateway }: Pick<GatewayAppSettings, 'gateway'>,
): Promise<void> {
  await app.init();
  await Promise.all([app.get(NocGateway).whenAttached(), app.get(GatewayRedis).whenReady()]);
  await app.listen(gateway.GATEWAY_PORT, gateway.GATEWAY_HOST);
}
