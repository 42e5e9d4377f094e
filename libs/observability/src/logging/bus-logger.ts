import type { LoggerService } from '@nestjs/common';
import { pino, type DestinationStream, type Level, type Logger as PinoLogger } from 'pino';
import { currentCorrelationId } from '../correlation/correlation-context.ts';
import { currentTraceId } from '../tracing/spans.ts';
import { logLine } from './log-line.ts';
import { prettyDestination } from './pretty-destination.ts';

export type LogLevel = Level | 'silent';
export type LogFormat = 'json' | 'pretty';

/** Parts of Nest that report every module, route and subscription at start. Worth reading only when looking for a fault. */
const FRAMEWORK_CONTEXTS = new Set<unknown>([
  'NestFactory',
  'InstanceLoader',
  'RoutesResolver',
  'RouterExplorer',
  'NestApplication',
  'NestMicroservice',
  'WebSocketsController',
]);

/**
 * The logger behind Nest's `Logger`: one JSON object per line on standard output, every value redacted by field name and
 * by pattern, the correlation id of the current message and, with tracing, the trace id added. Written synchronously, so nothing is lost at exit.
 *
 * `logger.log('message', {fields})`, `logger.error('message', error, {fields})`. A string as the last argument
 * is the context, as Nest passes it; an Error anywhere becomes the field `err`.
 */
export class BusLogger implements LoggerService {
  readonly #pino: PinoLogger;

  constructor(logger: PinoLogger) {
    this.#pino = logger;
  }

  log(message: unknown, ...rest: unknown[]): void {
    this.#write(FRAMEWORK_CONTEXTS.has(rest.at(-1)) ? 'debug' : 'info', message, rest);
  }

  warn(message: unknown, ...rest: unknown[]): void {
    this.#write('warn', message, rest);
  }

  error(message: unknown, ...rest: unknown[]): void {
    this.#write('error', message, rest);
  }

  fatal(message: unknown, ...rest: unknown[]): void {
    this.#write('fatal', message, rest);
  }

  debug(message: unknown, ...rest: unknown[]): void {
    this.#write('debug', message, rest);
  }

  verbose(message: unknown, ...rest: unknown[]): void {
    this.#write('trace', message, rest);
  }

  #write(level: Level, message: unknown, rest: readonly unknown[]): void {
    if (!this.#pino.isLevelEnabled(level)) return;
    const { text, fields } = logLine(message, rest);
    const correlationId = currentCorrelationId();
    if (correlationId !== undefined) fields['correlation_id'] ??= correlationId;
    const traceId = currentTraceId();
    if (traceId !== undefined) fields['trace_id'] ??= traceId;
    this.#pino[level](fields, text);
  }
}

/** The root logger of a process; hand it to Nest. `destination` is for tests, default standard output. */
export function createRootLogger(options: {
  app: string;
  instance: string;
  level?: LogLevel;
  format?: LogFormat;
  destination?: DestinationStream;
}): BusLogger {
  const output = options.destination ?? pino.destination({ dest: 1, sync: true });
  return new BusLogger(
    pino(
      {
        level: options.level ?? 'info',
        base: { app: options.app, instance: options.instance },
        timestamp: pino.stdTimeFunctions.isoTime,
        // Errors arrive here as fields already; pino's own reading of `err` would take them apart again.
        serializers: { err: (fields: unknown) => fields },
        formatters: { level: (label) => ({ level: label }) },
      },
      options.format === 'pretty' ? prettyDestination((text) => output.write(text)) : output,
    ),
  );
}
