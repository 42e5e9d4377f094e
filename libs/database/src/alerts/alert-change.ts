import type { AlertStatus, AlertView } from '@bus/payload-schemas';
import { sql, type Transaction } from 'kysely';
import { withinScope, type AccessScope } from '../access/access-scope.ts';
import { writeAuditLine } from '../audit/audit-log.ts';
import type { Database } from '../schema/database-schema.ts';
import { storableTextOrNull } from '../storable-values.ts';
import { AlertError, alertNotFound } from './alert.errors.ts';
import { alertViewOf, alertViews } from './alert-view.ts';

/** What one person does to one alert. */
export interface AlertChange {
  readonly alertId: number;
  readonly userId: number;
  /** Replaces the alert's note; every note also stays in the audit log. */
  readonly note?: string | null;
  readonly scope: AccessScope;
  readonly correlationId?: string;
}

/** `changed` is false when the alert already was as wished: nothing was written, and there is nothing to broadcast. */
export interface AlertChangeResult {
  readonly alert: AlertView;
  readonly changed: boolean;
}

export type ChangedStatus = Exclude<AlertStatus, 'new'>;

/**
 * Moves an alert to its next status together with the audit line. What cannot be is returned, not thrown: nothing was
 * written then, and there is nothing to roll back.
 */
export async function changeAlert(
  transaction: Transaction<Database>,
  change: AlertChange,
  target: ChangedStatus,
): Promise<AlertChangeResult | AlertError> {
  const before = await lockAlert(transaction, change);
  if (before === null) return alertNotFound(change.alertId);
  if (before.status === target) return { alert: before, changed: false };
  if (before.status === 'resolved' || before.status === 'false_alarm') {
    return new AlertError(
      'alert_already_resolved',
      `Alert ${change.alertId} is closed (${before.status}). Only a new alert starts again.`,
    );
  }
  const note = storableTextOrNull(change.note);
  await transaction
    .updateTable('device_alerts')
    .set({
      status: target,
      note: note ?? before.note,
      version: before.version + 1,
      ...(target === 'acknowledged'
        ? { acknowledged_by: change.userId, acknowledged_at: sql<Date>`now()` }
        : { resolved_by: change.userId, resolved_at: sql<Date>`now()` }),
    })
    .where('id', '=', String(change.alertId))
    .execute();
  await writeAuditLine(transaction, {
    actorUserId: change.userId,
    action: `alert_${target}`,
    subjectType: 'alert',
    subjectId: String(change.alertId),
    tenantId: before.tenant_id,
    clientId: before.client_id,
    correlationId: change.correlationId,
    details: { from: before.status, to: target, note, version: before.version + 1 },
  });
  const after = await readAlert(transaction, change);
  if (after === null) throw new Error(`Alert ${change.alertId} is locked and cannot be read back.`);
  return { alert: after, changed: true };
}

/**
 * Two people who press the button together take turns here; the second sees what the first has done. Locked and read
 * in two statements: one that has waited for the lock sees the new row, but joins to it what it had read before.
 */
async function lockAlert(transaction: Transaction<Database>, change: AlertChange): Promise<AlertView | null> {
  await transaction
    .selectFrom('device_alerts as alert')
    .select('alert.id')
    .where('alert.id', '=', String(change.alertId))
    .where(withinScope(change.scope, { tenantId: 'alert.tenant_id', clientId: 'alert.client_id' }))
    .forUpdate()
    .execute();
  return readAlert(transaction, change);
}

async function readAlert(transaction: Transaction<Database>, change: AlertChange): Promise<AlertView | null> {
  const row = await alertViews(transaction, change.scope)
    .where('alert.id', '=', String(change.alertId))
    .executeTakeFirst();
  return row === undefined ? null : alertViewOf(row);
}
