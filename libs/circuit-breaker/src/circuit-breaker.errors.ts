/** Stable codes of this library's errors. */
export type CircuitBreakerErrorCode = 'CIRCUIT_OPEN' | 'EXTERNAL_CALL_TIMEOUT' | 'EXTERNAL_SERVICE_BUSY';

/** An error of the circuit breaker. `isRetryable` says whether the same call may work later; decide by it and by `code`. */
export class CircuitBreakerError extends Error {
  readonly code: CircuitBreakerErrorCode;
  readonly service: string;
  readonly isRetryable = true;

  constructor(code: CircuitBreakerErrorCode, service: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
    this.code = code;
    this.service = service;
  }
}

/** The call was refused without being made: the service has failed too often, or its one probe is under way. */
export class CircuitOpenError extends CircuitBreakerError {
  /** Earliest time at which another call may be let through, in milliseconds from now. */
  readonly retryAfterMs: number;

  constructor(service: string, retryAfterMs: number) {
    super(
      'CIRCUIT_OPEN',
      service,
      `calls to ${service} are refused for another ${Math.ceil(retryAfterMs / 1_000)} s`,
    );
    this.retryAfterMs = retryAfterMs;
  }
}

/** The service did not answer in time; whether it did what it was asked is unknown. */
export class ExternalCallTimeoutError extends CircuitBreakerError {
  constructor(service: string, timeoutMs: number) {
    super('EXTERNAL_CALL_TIMEOUT', service, `${service} did not answer within ${timeoutMs} ms`);
  }
}

/** This process has as many calls to the service under way, and waiting, as it may. Nothing was sent. */
export class ExternalServiceBusyError extends CircuitBreakerError {
  constructor(service: string, maxConcurrent: number) {
    super(
      'EXTERNAL_SERVICE_BUSY',
      service,
      `${service} has ${maxConcurrent} calls of this process under way`,
    );
  }
}

/** Recognises `CircuitOpenError` across duplicate packages. */
export function isCircuitOpenError(error: unknown): error is CircuitOpenError {
  return (
    typeof error === 'object' &&
    error !== null &&
    'code' in error &&
    error.code === 'CIRCUIT_OPEN' &&
    'service' in error &&
    typeof error.service === 'string' &&
    'retryAfterMs' in error &&
    typeof error.retryAfterMs === 'number'
  );
}
