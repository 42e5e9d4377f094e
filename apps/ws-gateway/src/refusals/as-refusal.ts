import { isAlertError, type AlertErrorCode } from '@bus/database';
import { isRefusal, Refusal, type RefusalKind } from './refusal.ts';

const ALERT_REFUSALS: Record<AlertErrorCode, { kind: RefusalKind; field?: string }> = {
  alert_not_found: { kind: 'notFound' },
  alert_already_resolved: { kind: 'conflict' },
  alert_cursor_invalid: { kind: 'malformed', field: 'cursor' },
};

/** SQLSTATE classes and system errors that mean "the server cannot be reached or is stopping", not "the query is wrong". */
const AWAY =
  /^(?:08...|57P0[1-5]|53[0-9]{3}|ECONNREFUSED|ECONNRESET|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENOTFOUND|EAI_AGAIN)$/;
/** What the driver throws without a code. */
const AWAY_MESSAGES = /^(?:timeout exceeded when trying to connect|Connection terminated|Query read timeout)/;

/** The refusal an error means for the client, or undefined for a fault of ours that must be logged. */
export function asRefusal(error: unknown): Refusal | undefined {
  if (isRefusal(error)) return error;
  if (isAlertError(error)) {
    const { kind, field } = ALERT_REFUSALS[error.code];
    return new Refusal(kind, error.message, { field });
  }
  if (isBackendAway(error)) {
    return new Refusal('unavailable', 'The database cannot be reached right now. Try again.', {
      cause: error,
    });
  }
  return undefined;
}

function isBackendAway(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { code } = error as { code?: unknown };
  return (typeof code === 'string' && AWAY.test(code)) || AWAY_MESSAGES.test(error.message);
}
