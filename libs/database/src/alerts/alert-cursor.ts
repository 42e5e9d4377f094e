import { AlertError } from './alert.errors.ts';

/** Where a page of the alert list ended: the three values it is ordered by. */
export interface AlertPosition {
  urgency: number;
  receivedAt: string;
  alertId: number;
}

/** The position as an opaque string for the wire. */
export function encodeAlertCursor(position: AlertPosition): string {
  return Buffer.from(JSON.stringify([position.urgency, position.receivedAt, position.alertId])).toString(
    'base64url',
  );
}

/** @throws AlertError `alert_cursor_invalid` for anything `encodeAlertCursor` has not made. */
export function decodeAlertCursor(cursor: string): AlertPosition {
  try {
    const parsed: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
    if (Array.isArray(parsed) && parsed.length === 3) {
      const [urgency, receivedAt, alertId] = parsed as unknown[];
      if (
        typeof urgency === 'number' &&
        Number.isInteger(urgency) &&
        Math.abs(urgency) < 100 &&
        typeof receivedAt === 'string' &&
        /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(receivedAt) &&
        !Number.isNaN(Date.parse(receivedAt)) &&
        typeof alertId === 'number' &&
        Number.isSafeInteger(alertId)
      ) {
        return { urgency, receivedAt, alertId };
      }
    }
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause;
  }
  throw new AlertError('alert_cursor_invalid', 'The cursor is not one of this list. Start again without it.');
}
