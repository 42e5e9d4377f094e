/** What a span says about the work it stands for. */
export interface SpanDetails {
  /** Of few values, so never with an id: `process send_report`. */
  readonly name: string;
  /** 'producer' hands work on, 'consumer' does work handed on by `parent`, 'internal' is a step within. */
  readonly kind: 'producer' | 'consumer' | 'internal';
  /** Named as in `span-attributes.ts`; secrets that can be recognised in values are removed. */
  readonly attributes?: Readonly<Record<string, string | number | boolean | undefined>>;
  /** For a consumer: the traceparent that came with the work. Whatever is no traceparent begins a new trace. */
  readonly parent?: string | undefined;
}

/** What records spans once tracing is on. */
export interface SpanRecorder {
  inSpan<T>(details: SpanDetails, run: () => Promise<T>): Promise<T>;
  currentTraceparent(): string | undefined;
}

let recorder: SpanRecorder | undefined;

/** Switches tracing on or, without a recorder, off. For `startTracing`. */
export function recordSpansWith(next: SpanRecorder | undefined): void {
  recorder = next;
}

/**
 * Runs `run` as a span: what it awaits belongs to it, and a rejection is recorded without secrets before it is passed on. While
 * tracing is off this is a plain call, and `details` is not asked.
 */
export function inSpan<T>(details: () => SpanDetails, run: () => Promise<T>): Promise<T> {
  return recorder === undefined ? run() : recorder.inSpan(details(), run);
}

/** Whether spans are recorded; for work around `inSpan` that is not worth doing otherwise. */
export function isTracing(): boolean {
  return recorder !== undefined;
}

/** W3C traceparent of the span that is running, to be sent along with work handed on; undefined outside any. */
export function currentTraceparent(): string | undefined {
  return recorder?.currentTraceparent();
}

/** Trace id of the span that is running, 32 hexadecimal digits; undefined outside any. */
export function currentTraceId(): string | undefined {
  return currentTraceparent()?.split('-')[1];
}
