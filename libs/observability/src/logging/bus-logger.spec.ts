import { Logger } from '@nestjs/common';
import { afterEach, describe, expect, it } from 'vitest';
import { runWithCorrelationId } from '../correlation/correlation-context.ts';
import { createRootLogger, type BusLogger, type LogFormat, type LogLevel } from './bus-logger.ts';

function capture(options: { level?: LogLevel; format?: LogFormat } = {}): {
  logger: BusLogger;
  lines: string[];
} {
  const lines: string[] = [];
  const destination = { write: (line: string) => void lines.push(line) };
  return { logger: createRootLogger({ app: 'test-app', instance: 'i-1', destination, ...options }), lines };
}

describe('BusLogger', () => {
  afterEach(() => Logger.overrideLogger(false));

  it('writes one JSON object per line with app, instance, level, time and context', () => {
    const { logger, lines } = capture();
    Logger.overrideLogger(logger);
    new Logger('Ingest').log('took a message', { queue: 'critical' });
    expect(lines).toHaveLength(1);
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({
      level: 'info',
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
      app: 'test-app',
      instance: 'i-1',
      context: 'Ingest',
      queue: 'critical',
      msg: 'took a message',
    });
  });

  it('writes an error with type, stack, code and causes', () => {
    const { logger, lines } = capture();
    const cause = Object.assign(new Error('connection refused'), { code: 'ECONNREFUSED' });
    logger.error('could not store', new TypeError('broken', { cause }), { table: 'alerts' }, 'Store');
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({
      level: 'error',
      msg: 'could not store',
      context: 'Store',
      table: 'alerts',
      err: {
        type: 'TypeError',
        message: 'broken',
        stack: expect.stringContaining('bus-logger.spec'),
        cause: { type: 'Error', message: 'connection refused', code: 'ECONNREFUSED' },
      },
    });
  });

  it('takes the stack Nest passes as a string, and an error alone', () => {
    const { logger, lines } = capture();
    const error = new Error('boom');
    logger.error('boom', error.stack, 'ExceptionsHandler');
    logger.error(error);
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({
      stack: error.stack,
      context: 'ExceptionsHandler',
      msg: 'boom',
    });
    expect(JSON.parse(lines[1] ?? '')).toMatchObject({ msg: 'boom', err: { type: 'Error' } });
  });

  it('logs an error once when Nest passes it with its stack', () => {
    const { logger, lines } = capture();
    const error = new Error('boom');
    logger.error(error, error.stack, 'Hooks');
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({
      msg: 'boom',
      context: 'Hooks',
      err: { message: 'boom' },
    });
    expect(JSON.parse(lines[0] ?? '')).not.toHaveProperty('stack');
  });

  it('keeps what Nest reports of every module for debugging', () => {
    const { logger, lines } = capture();
    logger.log('AppModule dependencies initialized', 'InstanceLoader');
    logger.error('AppModule failed', 'InstanceLoader');
    expect(lines.map((line) => JSON.parse(line).msg)).toEqual(['AppModule failed']);
  });

  it('adds the correlation id of the message being worked on', () => {
    const { logger, lines } = capture();
    runWithCorrelationId('c-17', () => logger.log('inside'));
    logger.log('outside');
    expect(JSON.parse(lines[0] ?? '')).toHaveProperty('correlation_id', 'c-17');
    expect(JSON.parse(lines[1] ?? '')).not.toHaveProperty('correlation_id');
  });

  it('keeps quiet below its level', () => {
    const { logger, lines } = capture({ level: 'warn' });
    logger.log('no');
    logger.debug('no');
    logger.warn('yes');
    expect(lines).toHaveLength(1);
  });

  it('does not let fields overwrite what identifies the line', () => {
    const { logger, lines } = capture();
    logger.log('real', { level: 'x', msg: 'fake', app: 'fake', time: 0 });
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({
      level: 'info',
      msg: 'real',
      app: 'test-app',
      msg_: 'fake',
    });
  });

  it('cuts long texts', () => {
    const { logger, lines } = capture();
    logger.log('m'.repeat(1_000_000), { payload: 'p'.repeat(1_000_000) });
    expect(lines[0]?.length).toBeLessThan(20_000);
  });

  it('stays one line whatever the text holds', () => {
    const { logger, lines } = capture();
    logger.log('first\n{"level":"fatal","msg":"forged"}\u2028');
    expect(lines.join('').trimEnd().split('\n')).toHaveLength(1);
  });

  it('lets no secret through, wherever it is put', () => {
    const jwt = 'eyJhbGciOiJIUzI1NiJ9.eyJjYW5hcnkiOjF9.Y2FuYXJ5LXNpZw';
    const canaries = ['canary-password', '4111111111111111', jwt, 'Q0FOQVJZLUtFWQ'];
    const [password, card, , key] = canaries;
    const everything = `password=${password} ${card} Bearer ${jwt} -----BEGIN PRIVATE KEY-----\n${key}`;
    const error = Object.assign(new Error(everything, { cause: new Error(everything) }), {
      detail: everything,
    });
    for (const format of ['json', 'pretty'] as const) {
      const { logger, lines } = capture({ format, level: 'trace' });
      logger.log(everything);
      logger.warn('text', everything, 'Context');
      logger.error('text', error, { everything, list: [everything], password });
      logger.error(error.message, error.stack);
      logger.fatal(error);
      logger.debug({ everything });
      logger.verbose([everything]);
      const written = lines.join('');
      expect(lines).toHaveLength(7);
      for (const canary of canaries) expect(written).not.toContain(canary);
    }
  });

  it('writes for people in pretty format', () => {
    const { logger, lines } = capture({ format: 'pretty' });
    logger.warn('low battery', { device: 'd-1' }, 'Telemetry');
    expect(lines[0]).toMatch(
      /^\d\d:\d\d:\d\d\.\d{3} WARN {2}test-app \[Telemetry\] low battery \{"device":"d-1"\}\n$/,
    );
  });
});
