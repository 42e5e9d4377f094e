import { hash } from 'node:crypto';
import {
  nocClientGroup,
  nocDashboardGroup,
  tenantGroup,
  userGroup,
  type AlertSeverity,
  type AlertView,
  type BroadcastPriority,
  type EventType,
} from '@bus/payload-schemas';
import type { GroupBroadcast } from '../broadcast/broadcast.ts';

const PRIORITY_OF = {
  critical: 'critical',
  high: 'high',
  medium: 'normal',
  low: 'low',
  info: 'low',
} as const satisfies Record<AlertSeverity, BroadcastPriority>;

/** A new alert for the operations centre, which hears of all of them. */
export function nocAlertBroadcast(alert: AlertView): GroupBroadcast {
  return alertBroadcast(alert, nocDashboardGroup(), nocEventOf(alert));
}

/** The same for those whose alert it is: its client, tenant and supervisor. None for the alert of an unknown device. */
export function ownerAlertBroadcasts(alert: AlertView, supervisorUserId: number | null): GroupBroadcast[] {
  const broadcasts: GroupBroadcast[] = [];
  const { client_id, tenant_id } = alert;
  if (client_id !== null)
    broadcasts.push(alertBroadcast(alert, nocClientGroup(client_id), nocEventOf(alert)));
  if (tenant_id !== null) broadcasts.push(alertBroadcast(alert, tenantGroup(tenant_id), 'tenant_alert'));
  if (supervisorUserId !== null)
    broadcasts.push(alertBroadcast(alert, userGroup(supervisorUserId), 'supervisor_alert'));
  return broadcasts;
}

/** For the operations centre: an alert it was shown before it was stored, as it is stored now. */
export function nocAlertUpdate(alert: AlertView): GroupBroadcast {
  return alertBroadcast(alert, nocDashboardGroup(), 'alert_updated');
}

function nocEventOf({ severity }: AlertView): EventType {
  return severity === 'critical' ? 'critical_alert' : 'alert_notification';
}

function alertBroadcast(alert: AlertView, groupName: string, messageType: EventType): GroupBroadcast {
  return {
    groupName,
    messageType,
    data: alert,
    priority: PRIORITY_OF[alert.severity],
    eventId: eventIdOf(alert, messageType),
  };
}

/**
 * The same whoever shows the alert and however often, as long as its id is the same: one that is stored under another id has to be
 * shown under that one too. Hashed, because a device chose its message id.
 */
function eventIdOf(alert: AlertView, messageType: EventType): string {
  const identity = JSON.stringify([alert.source_id, alert.message_id, alert.alert_id, messageType]);
  return hash('sha256', identity, 'base64url');
}
