import { recordSpansWith } from './spans.ts';

export interface TracingOptions {
  /** Base address of an OTLP/HTTP collector, such as http://collector:4318. Without it nothing is recorded or loaded. */
  readonly endpoint: string | undefined;
  /** Part of the traces begun here that is recorded, 0 to 1. A trace begun elsewhere keeps what was decided there. @default 1 */
  readonly sampleRatio?: number;
  /** The name of the app, as in `apps/`. */
  readonly app: string;
  readonly instance: string;
}

export interface Tracing {
  /** Sends what is recorded and ends tracing, within about two seconds, whether the collector answers or not. Never rejects. */
  stop(): Promise<void>;
}

/**
 * Switches tracing on for this process, when there is somewhere to send to. Spans are sent in batches in the
 * background; while the collector is away they are dropped, and the work goes on.
 */
export async function startTracing(options: TracingOptions): Promise<Tracing> {
  const { endpoint, sampleRatio = 1, app, instance } = options;
  if (endpoint === undefined) return { stop: () => Promise.resolve() };
  // Loaded here and nowhere else: a process without tracing must not pay for it.
  const { openTelemetry } = await import('./open-telemetry.ts');
  const { recorder, shutdown } = openTelemetry({ endpoint, sampleRatio, app, instance });
  recordSpansWith(recorder);
  return {
    async stop() {
      recordSpansWith(undefined);
      await shutdown();
    },
  };
}
