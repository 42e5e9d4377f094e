import type { AlertView } from '@bus/payload-schemas';
import { describe, expect, it } from 'vitest';
import { nocAlertBroadcast, nocAlertUpdate, ownerAlertBroadcasts } from './alert-broadcasts.ts';

const viewWith = (changes: Partial<AlertView> = {}): AlertView => ({
  alert_id: 7,
  message_id: 'm-1',
  alert_type: 'panic',
  severity: 'critical',
  message: 'Panic button pressed',
  source_id: 'dev-1',
  device_id: 3,
  client_id: 42,
  client_name: 'Harbour',
  tenant_id: 5,
  location: null,
  status: 'new',
  clock_suspect: false,
  device_time: null,
  received_at: '2026-01-01T00:00:00.000Z',
  stored_at: '2026-01-01T00:00:00.010Z',
  acknowledged_by: null,
  acknowledged_at: null,
  resolved_by: null,
  resolved_at: null,
  note: null,
  version: 1,
  ...changes,
});
const alertBroadcasts = (alert: AlertView, supervisor: number | null) => [
  nocAlertBroadcast(alert),
  ...ownerAlertBroadcasts(alert, supervisor),
];
const addressed = (changes: Partial<AlertView>, supervisor: number | null = 9) =>
  alertBroadcasts(viewWith(changes), supervisor).map(({ groupName, messageType }) => [
    groupName,
    messageType,
  ]);

describe('the broadcasts of an alert', () => {
  it('reaches the operations centre, the client, the tenant and the supervisor', () => {
    expect(addressed({})).toEqual([
      ['noc_dashboard', 'critical_alert'],
      ['noc_client_42', 'critical_alert'],
      ['tenant_5', 'tenant_alert'],
      ['user_9', 'supervisor_alert'],
    ]);
  });

  it('keeps an alert of an unknown device within the operations centre', () => {
    expect(addressed({ client_id: null, tenant_id: null }, null)).toEqual([
      ['noc_dashboard', 'critical_alert'],
    ]);
  });

  it('calls only critical alerts critical', () => {
    expect(addressed({ severity: 'high' }).slice(0, 2)).toEqual([
      ['noc_dashboard', 'alert_notification'],
      ['noc_client_42', 'alert_notification'],
    ]);
  });

  it.each([
    ['critical', 'critical'],
    ['high', 'high'],
    ['medium', 'normal'],
    ['low', 'low'],
    ['info', 'low'],
  ] as const)('sends severity %s with priority %s', (severity, priority) => {
    for (const broadcast of alertBroadcasts(viewWith({ severity }), 9))
      expect(broadcast.priority).toBe(priority);
  });

  it('gives the same event the same id each time and another one to every other source, message and type', () => {
    const ids = (changes: Partial<AlertView>) =>
      alertBroadcasts(viewWith(changes), 9).map(({ eventId }) => eventId);
    expect(ids({ version: 2, note: 'seen' })).toEqual(ids({}));
    const different = [ids({}), ids({ source_id: 'dev-2' }), ids({ message_id: 'm-2' })].flat();
    expect(new Set(different).size).toBe(9);
    expect(ids({ source_id: 'a', message_id: 'b.c' })).not.toEqual(
      ids({ source_id: 'a.b', message_id: 'c' }),
    );
  });

  it('tell the operations centre that it is stored as an event of its own', () => {
    const update = nocAlertUpdate(viewWith());
    expect([update.groupName, update.messageType]).toEqual(['noc_dashboard', 'alert_updated']);
    expect(update.eventId).not.toBe(nocAlertBroadcast(viewWith()).eventId);
  });
});
