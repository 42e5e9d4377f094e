import { Injectable } from '@nestjs/common';
import { ChannelLayer } from '@bus/channel-layer';
import {
  AlertQueries,
  isAlertError,
  UserQueries,
  type AlertChange,
  type AlertChangeResult,
} from '@bus/database';
import { currentCorrelationId } from '@bus/observability';
import { nocClientGroup, nocDashboardGroup, tenantGroup, type AlertView } from '@bus/payload-schemas';
import type { Principal } from '../auth/principal.ts';
import { AnnouncedAlerts } from './announced-alerts.ts';

/** What an operator does to an alert. */
export interface AlertWish {
  readonly alertId: number;
  readonly note?: string | null;
}

/** Acknowledges and resolves alerts for people, and tells every screen. */
@Injectable()
export class AlertActions {
  constructor(
    private readonly alerts: AlertQueries,
    private readonly users: UserQueries,
    private readonly channel: ChannelLayer,
    private readonly announced: AnnouncedAlerts,
  ) {}

  /**
   * Of two people who acknowledge at the same time one does it; the other gets the alert as the first has left it and
   * `changed: false`. Audited with the change, in one transaction.
   * @throws AlertError when there is no such alert for this principal, or it is closed.
   */
  acknowledge(principal: Principal, wish: AlertWish): Promise<AlertChangeResult> {
    return this.change(principal, wish, (change) => this.alerts.acknowledge(change));
  }

  /** Closes an alert; like `acknowledge` otherwise. */
  resolve(principal: Principal, wish: AlertWish): Promise<AlertChangeResult> {
    return this.change(principal, wish, (change) => this.alerts.resolve(change));
  }

  private async change(
    principal: Principal,
    { alertId, note }: AlertWish,
    apply: (change: AlertChange) => Promise<AlertChangeResult>,
  ): Promise<AlertChangeResult> {
    const scope = await this.users.scopeOf(principal);
    const change = { alertId, note, userId: principal.id, scope, correlationId: currentCorrelationId() };
    const result = await this.againOnceStored(() => apply(change));
    // The change is in Postgres; a broadcast that fails is made good by the snapshot of the next resume.
    if (result.changed) await this.tellEveryScreen(result.alert);
    return result;
  }

  /** Who is quick acts on an alert that is on his screen before its row is in Postgres. */
  private async againOnceStored(apply: () => Promise<AlertChangeResult>): Promise<AlertChangeResult> {
    try {
      return await apply();
    } catch (error) {
      if (!isAlertError(error) || error.code !== 'alert_not_found') throw error;
      await this.announced.settled();
      return apply();
    }
  }

  private async tellEveryScreen(alert: AlertView): Promise<void> {
    const { client_id: clientId, tenant_id: tenantId } = alert;
    const groups = [
      nocDashboardGroup(),
      ...(clientId === null ? [] : [nocClientGroup(clientId)]),
      ...(tenantId === null ? [] : [tenantGroup(tenantId)]),
    ];
    await this.channel.broadcastMany(
      groups.map((groupName) => ({
        groupName,
        messageType: 'alert_updated',
        data: alert,
        priority: 'high',
        eventId: `alert_updated:${alert.alert_id}:${alert.version}`,
      })),
    );
  }
}
