/** Postgres will not take this data, however often it is asked. */
export class UnstorableError extends Error {
  readonly code = 'DATA_UNSTORABLE';
  readonly isRetryable = false;

  constructor(what: string, cause: unknown) {
    super(`Postgres cannot hold ${what}: ${cause instanceof Error ? cause.message : String(cause)}`, {
      cause,
    });
    this.name = 'UnstorableError';
  }
}

/** SQLSTATE class 22: the fault lies in the data, not in the database or the way to it. */
export function isUnstorable(error: unknown): boolean {
  if (typeof error !== 'object' || error === null || !('code' in error)) return false;
  return typeof error.code === 'string' && /^22[0-9A-Z]{3}$/.test(error.code);
}
