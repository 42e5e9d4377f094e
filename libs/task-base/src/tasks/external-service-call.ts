import type { CircuitBreakers, ExternalCall, ExternalCallOptions } from '@bus/circuit-breaker';
import { currentTaskSignal } from './current-task.ts';

/**
 * Calls a service through its circuit. Within a task the call also ends when the run does: at its soft limit or when it is
 * cancelled, which says nothing about the service.
 *
 * @throws as `CircuitBreakers.call`
 */
export function externalServiceCall<T>(
  circuits: CircuitBreakers,
  service: string,
  options: ExternalCallOptions,
  call: ExternalCall<T>,
): Promise<T> {
  const signals = [options.signal, currentTaskSignal()].filter((signal) => signal !== undefined);
  const [only] = signals;
  if (only === undefined) return circuits.call(service, options, call);
  return circuits.call(
    service,
    { ...options, signal: signals.length === 1 ? only : AbortSignal.any(signals) },
    call,
  );
}
