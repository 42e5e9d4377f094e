import { execFile } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { SpanKind, SpanStatusCode, context } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createRootLogger } from '../logging/bus-logger.ts';
import { spanRecorder } from './span-recorder.ts';
import { currentTraceId, currentTraceparent, inSpan, recordSpansWith } from './spans.ts';
import type { SpanDetails } from './spans.ts';
import { startTracing } from './start-tracing.ts';

const CARD = '4111 1111 1111 1111';
const TRACE = '0af7651916cd43dd8448eb211c80319c';
const SPAN = 'b7ad6b7169203331';
const step =
  (name: string, rest: Partial<SpanDetails> = {}) =>
  (): SpanDetails => ({
    name,
    kind: 'internal',
    ...rest,
  });

describe('inSpan while tracing is off', () => {
  it('only calls, and does not even ask for the details', async () => {
    const details = (): SpanDetails => expect.unreachable('nobody records');
    expect(await inSpan(details, () => Promise.resolve(currentTraceparent() ?? 'no trace'))).toBe('no trace');
  });

  it('stays so without an endpoint', async () => {
    const tracing = await startTracing({ endpoint: undefined, app: 'spec', instance: 'i-1' });
    expect(await inSpan(step('a'), () => Promise.resolve(currentTraceId()))).toBeUndefined();
    await tracing.stop();
  });

  it('costs no process the loading of OpenTelemetry', async () => {
    const program = `
      import { registerHooks } from 'node:module';
      const seen = [];
      registerHooks({ resolve: (name, parent, next) => (seen.push(name), next(name, parent)) });
      const { startTracing } = await import(${JSON.stringify(new URL('../index.ts', import.meta.url).href)});
      await startTracing({ endpoint: undefined, app: 'spec', instance: 'i-1' });
      console.log(JSON.stringify(seen));`;
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', program]);
    const names = JSON.parse(stdout) as string[];
    expect(names).toContain('pino');
    // The bare API comes with prom-client; the recording and sending is what costs.
    expect(names.filter((name) => /open-telemetry|@opentelemetry\/(?!api$)/.test(name))).toEqual([]);
  });
});

describe('inSpan', () => {
  const exporter = new InMemorySpanExporter();
  const provider = new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] });

  beforeEach(() => {
    exporter.reset();
    context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
    recordSpansWith(spanRecorder(provider.getTracer('spec')));
  });
  afterEach(() => {
    recordSpansWith(undefined);
    context.disable();
  });
  const recorded = (name: string) => exporter.getFinishedSpans().find((span) => span.name === name);

  it('makes what is awaited inside a part of it, and nothing else', async () => {
    const inner = (name: string) => inSpan(step(name), () => sleep(1));
    await Promise.all([
      inSpan(step('one', { kind: 'producer' }), () => inner('in one')),
      inSpan(step('two'), () => inner('in two')),
    ]);
    expect(currentTraceparent()).toBeUndefined();
    expect(recorded('one')).toMatchObject({ kind: SpanKind.PRODUCER });
    for (const name of ['one', 'two']) {
      expect(recorded(`in ${name}`)?.parentSpanContext?.spanId).toBe(recorded(name)?.spanContext().spanId);
    }
    expect(recorded('one')?.spanContext().traceId).not.toBe(recorded('two')?.spanContext().traceId);
  });

  it('continues the trace that came with the work, not the one at hand', async () => {
    const parent = `00-${TRACE}-${SPAN}-01`;
    const traceparent = await inSpan(step('other'), () =>
      inSpan(step('work', { kind: 'consumer', parent }), () => Promise.resolve(currentTraceparent())),
    );
    expect(traceparent).toMatch(new RegExp(`^00-${TRACE}-[0-9a-f]{16}-01$`));
    expect(recorded('work')?.parentSpanContext?.spanId).toBe(SPAN);
  });

  it('does not record what was left out where the trace began', async () => {
    const parent = `00-${TRACE}-${SPAN}-00`;
    await inSpan(step('work', { kind: 'consumer', parent }), () => inSpan(step('inside'), () => sleep(0)));
    expect(exporter.getFinishedSpans()).toEqual([]);
  });

  it('begins a trace of its own when what came along is none', async () => {
    await inSpan(step('outer'), () =>
      inSpan(step('work', { kind: 'consumer', parent: 'rubbish' }), () => sleep(0)),
    );
    expect(recorded('work')?.parentSpanContext).toBeUndefined();
  });

  it('records a failure without its secrets, and passes it on', async () => {
    const error = Object.assign(new Error(`card ${CARD} refused`), { code: 'PAYMENT_REFUSED' });
    const attributes = { 'messaging.message.id': `pay-${CARD}` };
    await expect(inSpan(step('pay', { attributes }), () => Promise.reject(error))).rejects.toBe(error);
    const span = recorded('pay');
    expect(span?.status).toEqual({ code: SpanStatusCode.ERROR, message: 'card [redacted] refused' });
    expect(span?.attributes['error.type']).toBe('PAYMENT_REFUSED');
    expect(span?.events[0]?.attributes?.['exception.stacktrace']).toContain('spans.spec');
    expect(JSON.stringify([span?.attributes, span?.events, span?.status])).not.toContain('4111');
  });

  it('puts the trace id on log lines', async () => {
    const lines: string[] = [];
    const destination = { write: (line: string) => void lines.push(line) };
    const logger = createRootLogger({ app: 'spec', instance: 'i-1', destination });
    const traceId = await inSpan(step('work'), () => {
      logger.log('inside');
      return Promise.resolve(currentTraceId());
    });
    logger.log('outside');
    expect(lines.map((line) => (JSON.parse(line) as { trace_id?: string }).trace_id)).toEqual([
      traceId,
      undefined,
    ]);
  });
});
