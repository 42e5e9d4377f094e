import { Injectable } from '@nestjs/common';
import { AlertQueries, UserQueries } from '@bus/database';
import { parseGroupName, type AlertView } from '@bus/payload-schemas';
import { AnnouncedAlerts } from '../alerts/announced-alerts.ts';
import type { Principal } from '../auth/principal.ts';

/** More open alerts than anybody can look at; keeps the notice below half a megabyte. */
const MAX_ALERTS = 500;

export interface OpenAlerts {
  readonly alerts: AlertView[];
  /** There are more; page through `GET /api/alerts` for the rest. */
  readonly isTruncated: boolean;
}

/** What a screen must show now, for a browser whose missed events are gone. */
@Injectable()
export class OpenAlertsSnapshot {
  constructor(
    private readonly alerts: AlertQueries,
    private readonly users: UserQueries,
    private readonly announced: AnnouncedAlerts,
  ) {}

  /**
   * The open alerts of a group as this principal may see them, most urgent first; null for a group that carries no alerts.
   * Take it after joining the group: what is announced later comes as an event. Rejects when Postgres is away.
   */
  async of(principal: Principal, groupName: string): Promise<OpenAlerts | null> {
    const group = parseGroupName(groupName);
    if (group === null || group.kind === 'user') return null;
    const [scope] = await Promise.all([this.users.scopeOf(principal), this.announced.settled()]);
    const { alerts, nextCursor } = await this.alerts.list({
      scope,
      clientId: group.kind === 'noc_client' ? group.id : undefined,
      limit: MAX_ALERTS,
    });
    // The list is ordered open ones first, so one page holds them all or is full of them.
    const open = alerts.filter(({ status }) => status === 'new' || status === 'acknowledged');
    return { alerts: open, isTruncated: nextCursor !== null && open.length === alerts.length };
  }
}
