import { randomBytes } from 'node:crypto';
import type { NextFunction, Request, Response } from 'express';
import helmet from 'helmet';

/** A host as it may stand in a header of ours; anything else a client sends as `Host` is left out. */
const PLAIN_HOST = /^[A-Za-z0-9.-]+(?::\d{1,5})?$|^\[[0-9A-Fa-f:.]+\](?::\d{1,5})?$/;

/** The nonce that inline styles of this response need; a new one every time. */
export function nonceOf(response: Response): string {
  const locals = response.locals as { cspNonce?: string };
  return (locals.cspNonce ??= randomBytes(16).toString('base64'));
}

const headers = helmet({
  contentSecurityPolicy: {
    useDefaults: false,
    directives: {
      defaultSrc: ["'none'"],
      scriptSrc: ["'self'"],
      styleSrc: ["'self'", (_request, response) => `'nonce-${nonceOf(response as Response)}'`],
      // 'self' covers sockets in today's browsers only; older ones want the scheme spelt out.
      connectSrc: ["'self'", (request) => socketSources(request.headers.host)],
      imgSrc: ["'self'", 'data:'],
      fontSrc: ["'self'"],
      baseUri: ["'none'"],
      frameAncestors: ["'none'"],
      formAction: ["'self'"],
    },
  },
  frameguard: { action: 'deny' },
  referrerPolicy: { policy: 'no-referrer' },
  crossOriginResourcePolicy: { policy: 'same-origin' },
});

/** Headers for every answer: device text is data, and nothing but our own files may run, frame or call anything. */
export function securityHeaders(request: Request, response: Response, next: NextFunction): void {
  headers(request, response, next as (error?: unknown) => void);
}

function socketSources(host: string | undefined): string {
  return host !== undefined && PLAIN_HOST.test(host) ? `ws://${host} wss://${host}` : '';
}
