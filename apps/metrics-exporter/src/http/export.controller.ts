import { All, Controller, Get, Header, MethodNotAllowedException, Res, UseGuards } from '@nestjs/common';
import type { Response } from 'express';
import { AccessGuard } from '../access/access.guard.ts';
import { FleetMetrics } from '../exposition/fleet-metrics.ts';
import { TEXT_CONTENT_TYPE } from '../exposition/render-text.ts';

/** `/metrics/export/`, with or without the last slash: the whole fleet for Prometheus. Read only. */
@Controller('metrics/export')
@UseGuards(AccessGuard)
export class ExportController {
  constructor(private readonly fleetMetrics: FleetMetrics) {}

  /** Answers HEAD as well. */
  @Get()
  @Header('cache-control', 'no-store')
  async export(@Res() response: Response): Promise<void> {
    const page = await this.fleetMetrics.render();
    response.setHeader('content-type', TEXT_CONTENT_TYPE);
    response.send(page);
  }

  @All()
  @Header('allow', 'GET, HEAD')
  refuse(): never {
    throw new MethodNotAllowedException({
      code: 'method_refused',
      reason: 'Only GET and HEAD are served here.',
    });
  }
}
