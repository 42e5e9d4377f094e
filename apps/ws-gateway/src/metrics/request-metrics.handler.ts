import { Injectable } from '@nestjs/common';
import { UserQueries } from '@bus/database';
import { nocClientGroup, type RequestMetricsRequest } from '@bus/payload-schemas';
import type { LiveSession } from '../connections/live-session.ts';
import { GroupAccess } from '../groups/group-access.ts';
import { Refusal } from '../refusals/refusal.ts';
import type { ClientEventHandler } from '../sockets/client-event.ts';
import { FleetCountsQueries } from './fleet-counts.queries.ts';

/** Numbers for the head of a screen: of everything its user may see, or of one client. */
@Injectable()
export class RequestMetricsHandler implements ClientEventHandler<'request_metrics'> {
  constructor(
    private readonly access: GroupAccess,
    private readonly users: UserQueries,
    private readonly counts: FleetCountsQueries,
  ) {}

  async handle({ client_id }: RequestMetricsRequest, { principal }: LiveSession): Promise<object> {
    const clientId = client_id ?? undefined;
    if (clientId !== undefined && !(await this.access.mayRead(principal, nocClientGroup(clientId)))) {
      throw new Refusal('forbidden', 'There is no such client, or it is not yours.');
    }
    const counts = await this.counts.count(await this.users.scopeOf(principal), clientId);
    return { ...counts, server_time: new Date().toISOString() };
  }
}
