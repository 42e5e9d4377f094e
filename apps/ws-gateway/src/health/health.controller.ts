import { Controller, Get, Res } from '@nestjs/common';
import { EventLoopMonitor, ReadinessRegistry } from '@bus/observability';
import type { Response } from 'express';

/** The probes on the port browsers use, for load balancers that see no other. */
@Controller('healthz')
export class HealthController {
  constructor(
    private readonly readiness: ReadinessRegistry,
    private readonly eventLoop: EventLoopMonitor,
  ) {}

  /** Only the event loop: an outage of a backend must not restart gateways that still show the last state. */
  @Get('live')
  live(@Res({ passthrough: true }) response: Response): { live: boolean } {
    const { live } = this.eventLoop.report();
    response.status(live ? 200 : 503);
    return { live };
  }

  /** Which backend is away is nobody's business out here; the operations port tells. */
  @Get('ready')
  async ready(@Res({ passthrough: true }) response: Response): Promise<{ ready: boolean }> {
    const { ready } = await this.readiness.report();
    response.status(ready ? 200 : 503);
    return { ready };
  }
}
