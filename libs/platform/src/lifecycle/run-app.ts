import { Logger, type INestApplicationContext } from '@nestjs/common';
import {
  createRootLogger,
  EventLoopMonitor,
  Metrics,
  ReadinessRegistry,
  startTracing,
  type BusLogger,
  type Tracing,
} from '@bus/observability';
import { settingsWarnings } from '../settings/load-settings.ts';
import type { RuntimeSettings } from '../settings/runtime.settings.ts';
import { OpsServer } from './ops-server.ts';

export interface RunAppOptions<A extends INestApplicationContext> {
  /** The name of the app, as in `apps/`. */
  readonly app: string;
  readonly settings: { readonly runtime: RuntimeSettings };
  /** Builds the Nest application around a module that imports PlatformModule; give Nest this logger. */
  readonly createApp: (logger: BusLogger) => Promise<A>;
  /** Opens the doors of an HTTP application or microservice. Default `app.init()`. */
  readonly listen?: (app: A) => Promise<void>;
}

interface Started<A extends INestApplicationContext = INestApplicationContext> {
  readonly app: A;
  readonly opsPort: number;
  readonly tracing: Tracing;
}

/**
 * Runs an app from start to end as the only thing in its process. Resolves when it is ready, after the log line
 * `{"msg":"ready","app":…,"ops_port":…}`.
 *
 * SIGTERM or SIGINT: not ready any more, then `app.close()`; in its hooks `onModuleDestroy` stops the intake,
 * `beforeApplicationShutdown` drains what is in flight, `onApplicationShutdown` closes connections. Exit code 0 when
 * done, 1 when SHUTDOWN_DEADLINE_MS passed first (the log says what was still open) or on a second signal. A hook that
 * fails is logged and does not keep the others from running.
 * A start that fails, an uncaught exception or an unhandled rejection is logged and ends the process with exit code 1.
 */
export async function runApp<A extends INestApplicationContext>(options: RunAppOptions<A>): Promise<void> {
  const { runtime } = options.settings;
  const rootLogger = createRootLogger({
    app: options.app,
    instance: runtime.INSTANCE_ID,
    level: runtime.LOG_LEVEL,
    format: runtime.LOG_FORMAT,
  });
  Logger.overrideLogger(rootLogger);
  const logger = new Logger('App');
  exitOnDefect(logger);
  for (const warning of settingsWarnings(runtime)) logger.warn(warning);

  const opsServer = new OpsServer(new EventLoopMonitor());
  const started = start(options, rootLogger, opsServer);
  const shutdown = stopOnSignal(logger, runtime.SHUTDOWN_DEADLINE_MS, started);
  try {
    const { opsPort } = await started;
    if (!shutdown.isRequested) logger.log('ready', { ops_port: opsPort });
  } catch (error) {
    logger.fatal('The app could not start.', error);
    process.exit(1);
  }
}

async function start<A extends INestApplicationContext>(
  options: RunAppOptions<A>,
  logger: BusLogger,
  opsServer: OpsServer,
): Promise<Started<A>> {
  const { runtime } = options.settings;
  const { OPS_HOST, OPS_PORT } = runtime;
  const tracing = await startTracing({
    endpoint: runtime.OTEL_EXPORTER_OTLP_ENDPOINT,
    sampleRatio: runtime.OTEL_TRACES_SAMPLER_ARG,
    app: options.app,
    instance: runtime.INSTANCE_ID,
  });
  const opsPort = await opsServer.listen(OPS_HOST, OPS_PORT);
  const app = await options.createApp(logger);
  opsServer.attach(app.get(ReadinessRegistry, { strict: false }), app.get(Metrics, { strict: false }));
  await (options.listen ? options.listen(app) : app.init());
  opsServer.setStarted();
  return { app, opsPort, tracing };
}

function stopOnSignal(
  logger: Logger,
  deadlineMs: number,
  started: Promise<Started>,
): { readonly isRequested: boolean } {
  const shutdown = { isRequested: false };
  const onSignal = (signal: NodeJS.Signals) => {
    if (shutdown.isRequested) {
      logger.error(`${signal} again: stopping at once, work in flight is abandoned.`, {
        open: openResources(),
      });
      process.exit(1);
    }
    shutdown.isRequested = true;
    logger.log(`${signal}: stopping.`, { deadline_ms: deadlineMs });
    setTimeout(() => {
      logger.error(`Not stopped within ${deadlineMs} ms; work in flight is abandoned.`, {
        open: openResources(),
      });
      process.exit(1);
    }, deadlineMs).unref();
    void stop(logger, signal, started);
  };
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
  return shutdown;
}

async function stop(logger: Logger, signal: NodeJS.Signals, started: Promise<Started>): Promise<void> {
  const startedAt = performance.now();
  try {
    const { app, tracing } = await started;
    app.get(ReadinessRegistry, { strict: false }).setDraining();
    await app.close();
    await tracing.stop();
    logger.log('stopped', { signal, took_ms: Math.round(performance.now() - startedAt) });
    process.exit(0);
  } catch (error) {
    logger.error('The app did not stop cleanly.', error);
    process.exit(1);
  }
}

/** After a defect nothing in memory can be trusted; every message in hand is delivered again to a fresh process. */
function exitOnDefect(logger: Logger): void {
  process.on('uncaughtException', (error) => {
    logger.fatal('Uncaught exception; the process ends.', error);
    process.exit(1);
  });
  process.on('unhandledRejection', (reason) => {
    logger.fatal(
      'Unhandled rejection; the process ends.',
      reason instanceof Error ? reason : new Error(String(reason)),
    );
    process.exit(1);
  });
}

/** What keeps the process busy, such as `{"TCPSocketWrap": 3, "Timeout": 1}`. */
function openResources(): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const kind of process.getActiveResourcesInfo()) counts[kind] = (counts[kind] ?? 0) + 1;
  return counts;
}
