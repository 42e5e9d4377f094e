import { context, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import {
  BatchSpanProcessor,
  ParentBasedSampler,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import { spanRecorder } from './span-recorder.ts';
import type { SpanRecorder } from './spans.ts';

const EXPORT_TIMEOUT_MS = 2_000;
const NAMESPACE = 'message-bus';

/**
 * OpenTelemetry as this project uses it. Also made known to the API of OpenTelemetry, so spans that a handler or one of its
 * libraries records by itself join the same traces.
 */
export function openTelemetry(options: {
  endpoint: string;
  sampleRatio: number;
  app: string;
  instance: string;
}): { recorder: SpanRecorder; shutdown: () => Promise<void> } {
  const exporter = new OTLPTraceExporter({
    url: `${options.endpoint.replace(/\/+$/, '')}/v1/traces`,
    timeoutMillis: EXPORT_TIMEOUT_MS,
  });
  const provider = new TracerProvider({
    resource: resourceFromAttributes({
      'service.namespace': NAMESPACE,
      'service.name': options.app,
      'service.instance.id': options.instance,
    }),
    sampler: new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(options.sampleRatio) }),
    spanProcessors: [new BatchSpanProcessor({ exporter, exportTimeoutMillis: EXPORT_TIMEOUT_MS })],
  });
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  trace.setGlobalTracerProvider(provider);
  return {
    recorder: spanRecorder(provider.getTracer(NAMESPACE)),
    shutdown: async () => {
      trace.disable();
      context.disable();
      await within(EXPORT_TIMEOUT_MS, provider.shutdown());
    },
  };
}

async function within(timeoutMs: number, work: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, timeoutMs);
  });
  // What the collector did not take is lost; there is nobody left to try again.
  await Promise.race([work.catch(() => undefined), timeout]).finally(() => clearTimeout(timer));
}
