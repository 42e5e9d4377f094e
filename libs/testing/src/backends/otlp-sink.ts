import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

/** One span as it arrived, with its attributes as a plain object. */
export interface SunkSpan {
  readonly service: string;
  readonly instance: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string | undefined;
  readonly name: string;
  /** OTLP's number: 1 internal, 4 producer, 5 consumer. */
  readonly kind: number;
  /** OTLP's number: 0 unset, 2 error. */
  readonly statusCode: number;
  readonly attributes: Readonly<Record<string, unknown>>;
}

/** A collector for OTLP/HTTP in JSON that only remembers. */
export interface OtlpSink {
  /** For OTEL_EXPORTER_OTLP_ENDPOINT. */
  readonly url: string;
  readonly spans: readonly SunkSpan[];
  /** Everything that was sent, as it came. */
  readonly bodies: readonly string[];
  stop(): Promise<void>;
}

type Attributes = { key: string; value: Record<string, unknown> }[];

interface ExportRequest {
  resourceSpans: {
    resource: { attributes: Attributes };
    scopeSpans: {
      spans: (Omit<SunkSpan, 'service' | 'instance' | 'statusCode' | 'attributes'> & {
        attributes?: Attributes;
        status?: { code?: number };
      })[];
    }[];
  }[];
}

/** Starts a sink on a free loopback port. */
export async function startOtlpSink(): Promise<OtlpSink> {
  const spans: SunkSpan[] = [];
  const bodies: string[] = [];
  const server = createServer((request, response) => {
    void text(request).then((body) => {
      bodies.push(body);
      if (request.url === '/v1/traces') spans.push(...spansOf(JSON.parse(body) as ExportRequest));
      response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    spans,
    bodies,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function spansOf({ resourceSpans }: ExportRequest): SunkSpan[] {
  return resourceSpans.flatMap(({ resource, scopeSpans }) => {
    const origin = plain(resource.attributes);
    return scopeSpans.flatMap(({ spans }) =>
      spans.map(({ traceId, spanId, parentSpanId, name, kind, status, attributes = [] }) => ({
        service: String(origin['service.name']),
        instance: String(origin['service.instance.id']),
        traceId,
        spanId,
        parentSpanId: parentSpanId || undefined,
        name,
        kind,
        statusCode: status?.code ?? 0,
        attributes: plain(attributes),
      })),
    );
  });
}

function plain(attributes: Attributes): Record<string, unknown> {
  return Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]]));
}
