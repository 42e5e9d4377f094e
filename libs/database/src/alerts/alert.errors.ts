export type AlertErrorCode = 'alert_not_found' | 'alert_already_resolved' | 'alert_cursor_invalid';

/**
 * The wish cannot be fulfilled, and trying again will not change that. `code` is stable and fit for the wire.
 *
 * - `alert_not_found`: there is no such alert, or it is outside the asking person's scope (never told apart).
 * - `alert_already_resolved`: the alert is closed (resolved or a false alarm); only a new alert starts again.
 * - `alert_cursor_invalid`: the cursor was not made by `list`; start again without one.
 */
export class AlertError extends Error {
  override readonly name = 'AlertError';
  readonly isRetryable = false;

  constructor(
    readonly code: AlertErrorCode,
    message: string,
  ) {
    super(message);
  }
}

export function isAlertError(error: unknown): error is AlertError {
  return error instanceof Error && error.name === 'AlertError' && 'code' in error;
}

export function alertNotFound(alertId: number): AlertError {
  return new AlertError('alert_not_found', `There is no alert ${alertId} that you may see.`);
}
