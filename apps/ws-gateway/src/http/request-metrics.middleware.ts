import { Injectable, type NestMiddleware } from '@nestjs/common';
import { Metrics } from '@bus/observability';
import type { NextFunction, Request, Response } from 'express';

/** Counts and times HTTP requests by route pattern, never by address. */
@Injectable()
export class RequestMetrics implements NestMiddleware {
  constructor(private readonly metrics: Metrics) {}

  use(request: Request, response: Response, next: NextFunction): void {
    const startedAt = performance.now();
    response.once('finish', () => {
      const pattern = (request.route as { path?: unknown } | undefined)?.path;
      const labels = {
        method: methodLabel(request.method),
        route: typeof pattern === 'string' ? pattern : 'none',
      };
      const status = `${Math.floor(response.statusCode / 100)}xx`;
      this.metrics.counter('bus_http_requests_total').inc({ ...labels, status });
      this.metrics
        .histogram('bus_http_request_duration_seconds')
        .observe(labels, (performance.now() - startedAt) / 1000);
    });
    next();
  }
}

/** Node accepts many methods; we serve three. */
function methodLabel(method: string): string {
  return ['GET', 'HEAD', 'POST'].includes(method) ? method : 'other';
}
