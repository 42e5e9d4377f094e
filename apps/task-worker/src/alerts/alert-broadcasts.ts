import { createHash } from 'node:crypto';
import type { GroupBroadcast } from '@bus/channel-layer';
import { nocClientGroup, nocDashboardGroup, tenantGroup, userGroup } from '@bus/payload-schemas';
import type { AlertSeverity, AlertView, BroadcastPriority, EventType } from '@bus/payload-schemas';

const PRIORITY_OF = {
  critical: 'critical',
  high: 'high',
  medium: 'normal',
  low: 'low',
  info: 'low',
} as const satisfies Record<AlertSeverity, BroadcastPriority>;

/**
 * Who hears of a stored alert, and as what. An alert of an unknown device, or of one without a client, is for the operations
 * centre alone.
 */
export function alertBroadcasts(alert: AlertView, supervisorUserId: number | null): GroupBroadcast[] {
  const nocType: EventType = alert.severity === 'critical' ? 'critical_alert' : 'alert_notification';
  const to = (groupName: string, messageType: EventType): GroupBroadcast => ({
    groupName,
    messageType,
    data: alert,
    priority: PRIORITY_OF[alert.severity],
    eventId: eventIdOf(alert, messageType),
  });
  const broadcasts = [to(nocDashboardGroup(), nocType)];
  if (alert.client_id !== null) broadcasts.push(to(nocClientGroup(alert.client_id), nocType));
  if (alert.tenant_id !== null) broadcasts.push(to(tenantGroup(alert.tenant_id), 'tenant_alert'));
  if (supervisorUserId !== null) broadcasts.push(to(userGroup(supervisorUserId), 'supervisor_alert'));
  return broadcasts;
}

/**
 * The same for every run of the same alert, whoever runs it, as long as its row is the same: a row that a crash of Postgres took away
 * is stored under another id, and that one has to be shown too. Hashed, because a device chose its message id.
 */
function eventIdOf(alert: AlertView, messageType: EventType): string {
  const identity = JSON.stringify([alert.source_id, alert.message_id, alert.alert_id, messageType]);
  return createHash('sha256').update(identity).digest('base64url');
}
