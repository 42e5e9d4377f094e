export { CIRCUITS, KNOWN_SERVICES, isServiceName, serviceLabel } from './catalog/circuit-catalog.ts';
export type { CircuitDefinition, CircuitOverrides, KnownService } from './catalog/circuit-catalog.ts';
export type { ExternalCall, ExternalCallOptions } from './call/external-call.ts';
export { CircuitBreakers } from './circuit-breakers.ts';
export type { CircuitView } from './circuit-breakers.ts';
export { CircuitBreakerModule } from './circuit-breaker.module.ts';
export type { CircuitBreakerModuleOptions } from './circuit-breaker.module.ts';
export { CIRCUIT_STATES } from './state/circuit-state.ts';
export type { CircuitRules, CircuitSnapshot, CircuitState, CircuitStateName } from './state/circuit-state.ts';
export {
  CircuitBreakerError,
  CircuitOpenError,
  ExternalCallTimeoutError,
  ExternalServiceBusyError,
  isCircuitOpenError,
} from './circuit-breaker.errors.ts';
export type { CircuitBreakerErrorCode } from './circuit-breaker.errors.ts';
