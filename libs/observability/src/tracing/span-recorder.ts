import { ROOT_CONTEXT, SpanKind, SpanStatusCode, context, trace } from '@opentelemetry/api';
import type { Attributes, Context, Span, Tracer } from '@opentelemetry/api';
import { redactText } from '../logging/redact.ts';
import { SPAN_ATTRIBUTES } from './span-attributes.ts';
import type { SpanDetails, SpanRecorder } from './spans.ts';
import { readTraceparent, writeTraceparent } from './traceparent.ts';

const KINDS = {
  producer: SpanKind.PRODUCER,
  consumer: SpanKind.CONSUMER,
  internal: SpanKind.INTERNAL,
} as const;

const MAX_MESSAGE_LENGTH = 1_000;
const MAX_STACK_LENGTH = 4_000;

/** Records spans with OpenTelemetry. The only place that does, so that nothing leaves unredacted. */
export function spanRecorder(tracer: Tracer): SpanRecorder {
  return {
    async inSpan(details, run) {
      const parent = contextOf(details);
      const span = tracer.startSpan(
        details.name,
        { kind: KINDS[details.kind], attributes: cleanAttributes(details.attributes ?? {}) },
        parent,
      );
      try {
        return await context.with(trace.setSpan(parent, span), run);
      } catch (error) {
        recordFailure(span, error);
        throw error;
      } finally {
        span.end();
      }
    },
    currentTraceparent() {
      const spanContext = trace.getSpanContext(context.active());
      return spanContext === undefined ? undefined : writeTraceparent(spanContext);
    },
  };
}

/** Work handed on belongs to the trace it came from, whatever this process is doing when it takes it. */
function contextOf({ kind, parent }: SpanDetails): Context {
  if (kind !== 'consumer') return context.active();
  const remote = readTraceparent(parent);
  return remote === undefined ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, remote);
}

function cleanAttributes(attributes: NonNullable<SpanDetails['attributes']>): Attributes {
  return Object.fromEntries(
    Object.entries(attributes).map(([name, value]) => [
      name,
      typeof value === 'string' ? redactText(value) : value,
    ]),
  );
}

function recordFailure(span: Span, error: unknown): void {
  const type = typeOf(error);
  const message = clean(error instanceof Error ? error.message : String(error), MAX_MESSAGE_LENGTH);
  const stack = error instanceof Error ? error.stack : undefined;
  span.setAttribute(SPAN_ATTRIBUTES.errorType, type);
  span.addEvent('exception', {
    [SPAN_ATTRIBUTES.exceptionType]: type,
    [SPAN_ATTRIBUTES.exceptionMessage]: message,
    ...(stack === undefined ? {} : { [SPAN_ATTRIBUTES.exceptionStack]: clean(stack, MAX_STACK_LENGTH) }),
  });
  span.setStatus({ code: SpanStatusCode.ERROR, message });
}

/** The code of the error, else its class: both of few values. */
function typeOf(error: unknown): string {
  if (typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string') {
    if (/^[A-Z][A-Z0-9_]{2,63}$/.test(error.code)) return error.code;
  }
  return error instanceof Error ? error.constructor.name : typeof error;
}

function clean(text: string, maxLength: number): string {
  return redactText(text).slice(0, maxLength);
}
