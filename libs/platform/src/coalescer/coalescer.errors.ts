/** Too many items wait already. Nothing was taken; the caller should slow down and may try again. */
export class CoalescerFullError extends Error {
  readonly code = 'COALESCER_FULL';
  readonly isRetryable = true;

  constructor(maxPending: number) {
    super(`${maxPending} items wait already; slow down and try again.`);
    this.name = 'CoalescerFullError';
  }
}

export function isCoalescerFullError(error: unknown): error is CoalescerFullError {
  return error instanceof Error && 'code' in error && error.code === 'COALESCER_FULL';
}
