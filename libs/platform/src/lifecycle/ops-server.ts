import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { EventLoopMonitor, Metrics, ReadinessRegistry } from '@bus/observability';

interface Answer {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
}

/**
 * The operations port of a process: `/healthz/live`, `/healthz/ready`, `/metrics`, all GET only. It answers from the first
 * moment on: alive, and not ready until the app has started.
 */
export class OpsServer {
  readonly #server: Server;
  readonly #eventLoop: EventLoopMonitor;
  #app: { readiness: ReadinessRegistry; metrics: Metrics } | undefined;
  #isStarted = false;

  constructor(eventLoop: EventLoopMonitor) {
    this.#eventLoop = eventLoop;
    this.#server = createServer((request, response) => void this.#respond(request, response));
  }

  /** Listens and returns the port, the real one when 0 was asked for. Rejects when the address is taken. */
  listen(host: string, port: number): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(port, host, () => resolve(portOf(this.#server.address())));
    });
  }

  /** From now on the metrics of the app are served. It is still not ready. */
  attach(readiness: ReadinessRegistry, metrics: Metrics): void {
    this.#app = { readiness, metrics };
  }

  /** From now on readiness is what its checks say. */
  setStarted(): void {
    this.#isStarted = true;
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  async #respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const answer = await this.#answer(request).catch(() => text(500, 'could not be answered'));
    response.writeHead(answer.status, {
      'content-type': answer.contentType,
      'cache-control': 'no-store',
      ...(answer.status === 405 ? { allow: 'GET' } : {}),
    });
    response.end(answer.body);
  }

  async #answer({ method, url = '' }: IncomingMessage): Promise<Answer> {
    if (method !== 'GET') return text(405, 'only GET is served here');
    const [path = ''] = url.split('?');
    switch (path) {
      case '/healthz/live':
        return this.#liveness();
      case '/healthz/ready':
        return this.#readiness();
      case '/metrics':
        return this.#metrics();
      default:
        return text(404, 'not found; there are /healthz/live, /healthz/ready and /metrics');
    }
  }

  #liveness(): Answer {
    const { live, maxLagMs } = this.#eventLoop.report();
    return json(live ? 200 : 503, { live, event_loop_max_lag_ms: maxLagMs });
  }

  async #readiness(): Promise<Answer> {
    if (!this.#app || !this.#isStarted) {
      return json(503, { ready: false, checks: { started: { ok: false, error: 'the app is starting' } } });
    }
    const report = await this.#app.readiness.report();
    return json(report.ready ? 200 : 503, report);
  }

  async #metrics(): Promise<Answer> {
    if (!this.#app) return text(503, 'the app is starting');
    const { contentType, body } = await this.#app.metrics.render();
    return { status: 200, contentType, body };
  }
}

function portOf(address: AddressInfo | string | null): number {
  return typeof address === 'object' && address !== null ? address.port : 0;
}

function json(status: number, body: object): Answer {
  return { status, contentType: 'application/json; charset=utf-8', body: JSON.stringify(body) };
}

function text(status: number, body: string): Answer {
  return { status, contentType: 'text/plain; charset=utf-8', body: `${body}\n` };
}
