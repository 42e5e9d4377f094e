import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Injectable, Logger } from '@nestjs/common';
import { static as serveStatic, Router, type Response } from 'express';
import { GatewaySettings } from '../settings.ts';
import { nonceOf } from './security-headers.ts';

const NONCE_PLACEHOLDER = '__CSP_NONCE__';
/** `apps/noc-dashboard/dist`, from this file in `src/` and in `dist/` alike. */
const DEFAULT_DIRECTORY = fileURLToPath(new URL('../../../noc-dashboard/dist', import.meta.url));
const YEAR_MS = 365 * 24 * 60 * 60 * 1000;

const NOT_BUILT =
  'The NOC page is not built. Build it with "npm run build" and start the gateway again, ' +
  'or set NOC_DASHBOARD_DIR to the folder of a built one.\n';

/** Serves the NOC page at `/`. */
@Injectable()
export class DashboardPage {
  private readonly logger = new Logger(DashboardPage.name);

  constructor(private readonly settings: GatewaySettings) {}

  /** Files whose name holds their hash never change; the page that names them is never kept. */
  router(): Router {
    const directory = this.settings.NOC_DASHBOARD_DIR ?? DEFAULT_DIRECTORY;
    const router = Router();
    const page = this.readPage(directory);
    router.get(['/', '/index.html'], (_request, response) => this.sendPage(response, page));
    const files = { index: false, dotfiles: 'ignore', redirect: false, fallthrough: true } as const;
    router.use(
      '/assets',
      serveStatic(join(directory, 'assets'), { ...files, immutable: true, maxAge: YEAR_MS }),
    );
    router.use(serveStatic(directory, { ...files, maxAge: 0 }));
    return router;
  }

  private readPage(directory: string): string | undefined {
    const file = join(directory, 'index.html');
    if (existsSync(file)) return readFileSync(file, 'utf8');
    this.logger.warn(`There is no NOC page in ${directory}; / answers 503.`);
    return undefined;
  }

  private sendPage(response: Response, page: string | undefined): void {
    response.setHeader('Cache-Control', 'no-store');
    if (page === undefined) {
      response.status(503).type('text/plain').send(NOT_BUILT);
      return;
    }
    response.type('html').send(page.replaceAll(NONCE_PLACEHOLDER, nonceOf(response)));
  }
}
