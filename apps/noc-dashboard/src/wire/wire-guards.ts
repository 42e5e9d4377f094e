import type { AlertStatus, AlertView, EventEnvelope, SessionUser, Severity } from './wire-types.ts';

/*
 * What arrives is checked by hand, here, instead of with the classes of the contract: those need decorators and a
 * validator at run time, and a browser that must stay light asks only "can I show this safely?".
 */

const SEVERITIES: ReadonlySet<unknown> = new Set<Severity>(['critical', 'high', 'medium', 'low', 'info']);
const STATUSES: ReadonlySet<unknown> = new Set<AlertStatus>([
  'new',
  'acknowledged',
  'resolved',
  'false_alarm',
]);
const OFFSET = /^\d{1,30}$/;

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * An alert, or null when it cannot be told which alert this is. Lenient in everything else: an unknown severity is
 * shown as high and an unknown status as new, because an alert hidden over a detail helps nobody.
 */
export function readAlert(value: unknown): AlertView | null {
  if (!isRecord(value)) return null;
  if (!Number.isSafeInteger(value.alert_id) || !Number.isSafeInteger(value.version)) return null;
  const alert = value as unknown as AlertView;
  const isSound =
    SEVERITIES.has(alert.severity) &&
    STATUSES.has(alert.status) &&
    [alert.message, alert.alert_type, alert.source_id, alert.received_at].every(
      (text) => typeof text === 'string',
    );
  if (isSound) return alert;
  return {
    ...alert,
    severity: SEVERITIES.has(alert.severity) ? alert.severity : 'high',
    status: STATUSES.has(alert.status) ? alert.status : 'new',
    message: asText(value.message, '(no message)'),
    alert_type: asText(value.alert_type, 'unknown'),
    source_id: asText(value.source_id, 'unknown'),
    received_at: asText(value.received_at, ''),
  };
}

/** A broadcast event, or null when it carries no usable position in its group's history. */
export function readEnvelope(value: unknown): EventEnvelope | null {
  if (!isRecord(value)) return null;
  const { type, group, epoch, offset } = value;
  if (typeof type !== 'string' || typeof group !== 'string' || typeof epoch !== 'string') return null;
  if (typeof offset !== 'string' || !OFFSET.test(offset)) return null;
  return value as unknown as EventEnvelope;
}

/** Who the gateway says is signed in, or null. */
export function readUser(value: unknown): SessionUser | null {
  if (!isRecord(value) || typeof value.id !== 'number' || typeof value.username !== 'string') return null;
  const { id, username, role, tenant_id: tenantId } = value;
  return { id, username, role: asText(role, ''), tenant_id: typeof tenantId === 'number' ? tenantId : null };
}

/** The answer to a request: what the gateway sent, or why it refused. */
export type Answer =
  | ({ readonly ok: true } & Readonly<Record<string, unknown>>)
  | { readonly ok: false; readonly code: number | string; readonly reason: string };

export function readAnswer(value: unknown): Answer {
  if (isRecord(value) && value.ok === true) return { ...value, ok: true };
  const { code, reason } = isRecord(value) ? value : {};
  return {
    ok: false,
    code: typeof code === 'number' || typeof code === 'string' ? code : 'unreadable',
    reason: asText(reason, 'the gateway gave no reason'),
  };
}

export function asText(value: unknown, fallback: string): string {
  return typeof value === 'string' && value !== '' ? value : fallback;
}
