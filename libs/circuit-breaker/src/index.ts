export {
  CircuitBreakerError,
  CircuitOpenError,
  ExternalCallTimeoutError,
  isCircuitOpenError,
} from './circuit-breaker.errors.ts';
export type { CircuitBreakerErrorCode } from './circuit-breaker.errors.ts';
