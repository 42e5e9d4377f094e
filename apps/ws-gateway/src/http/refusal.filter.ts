import { Catch, HttpException, Logger, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import type { Request, Response } from 'express';
import { asRefusal } from '../refusals/as-refusal.ts';
import { REFUSAL } from '../refusals/refusal.ts';

/** Every failed HTTP request is answered `{code, reason}`; what was not expected is logged and told nobody. */
@Catch()
export class RefusalFilter implements ExceptionFilter {
  private readonly logger = new Logger(RefusalFilter.name);

  catch(error: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const request = http.getRequest<Request>();
    const response = http.getResponse<Response>();
    if (response.headersSent) {
      this.logger.error(`${request.method} ${request.path} failed after its answer had begun.`, error);
      response.destroy();
      return;
    }
    const { status, body } = this.answerTo(error, request);
    if (body.retry_after_seconds !== undefined)
      response.setHeader('Retry-After', String(body.retry_after_seconds));
    response.status(status).json(body);
  }

  private answerTo(
    error: unknown,
    { method, path }: Request,
  ): { status: number; body: { code: number; reason: string; retry_after_seconds?: number } } {
    const refusal = asRefusal(error);
    if (refusal !== undefined) {
      if (refusal.isOurs) this.logger.warn(`${method} ${path}: ${refusal.reason}`, refusal.cause);
      return { status: refusal.httpStatus, body: refusal.body };
    }
    const status = statusOf(error);
    if (status !== undefined && status < 500)
      return { status, body: { code: 4000 + status, reason: REASONS[status] ?? 'The request is wrong.' } };
    this.logger.error(`${method} ${path} failed.`, error);
    return {
      status: 500,
      body: { code: REFUSAL.internal, reason: 'The gateway failed to do this. Try again.' },
    };
  }
}

/** What the framework refuses by itself; its own texts repeat parts of the request. */
const REASONS: Record<number, string> = {
  400: 'The body is not valid JSON.',
  404: 'There is nothing here.',
  413: 'The body is larger than 64 KiB.',
  415: 'The encoding of the body is not understood.',
};

function statusOf(error: unknown): number | undefined {
  if (error instanceof HttpException) return error.getStatus();
  const status = (error as { status?: unknown } | null)?.status;
  return typeof status === 'number' && status >= 400 && status < 600 ? status : undefined;
}
