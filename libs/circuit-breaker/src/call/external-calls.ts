import {
  BulkheadPolicy,
  ExponentialBackoff,
  TimeoutStrategy,
  bulkhead,
  handleWhen,
  isBulkheadRejectedError,
  isTaskCancelledError,
  retry,
  timeout,
} from 'cockatiel';
import type { CircuitDefinition } from '../catalog/circuit-catalog.ts';
import type { CircuitMetrics } from '../circuit-metrics.ts';
import {
  CircuitOpenError,
  ExternalCallTimeoutError,
  ExternalServiceBusyError,
} from '../circuit-breaker.errors.ts';
import type { CallPermit, Circuit } from '../circuit.ts';
import { failureCode } from './failure-code.ts';
import type { ExternalCall, ExternalCallOptions } from './external-call.ts';

/** A probe whose process died is replaced this long after its call must have ended. */
const PROBE_GRACE_MS = 5_000;

/** Callers that may wait for each running one. More would only time out somewhere else. */
const WAITING_PER_CALL = 10;

/** Waits between attempts of one call: short, because somebody is waiting. Longer breaks are for the task's own retries. */
const ATTEMPT_BACKOFF = { initialDelay: 200, maxDelay: 5_000 } as const;

/** Calls to one service, from the outside in: attempts, a place among the running ones, the circuit, the time limit. */
export class ExternalCalls {
  private readonly circuit: Circuit;
  private readonly definition: CircuitDefinition;
  private readonly metrics: CircuitMetrics;
  private readonly places = new Map<number, BulkheadPolicy>();

  constructor(circuit: Circuit, definition: CircuitDefinition, metrics: CircuitMetrics) {
    this.circuit = circuit;
    this.definition = definition;
    this.metrics = metrics;
  }

  async run<T>(options: ExternalCallOptions, call: ExternalCall<T>): Promise<T> {
    const { retries = 0, signal } = options;
    signal?.throwIfAborted();
    if (retries === 0) return this.attempt(options, call);
    const attempts = retry(
      handleWhen((error) => signal?.aborted !== true && isWorthAnotherAttempt(error)),
      {
        maxAttempts: retries,
        backoff: new ExponentialBackoff(ATTEMPT_BACKOFF),
      },
    );
    return attempts.execute(() => this.attempt(options, call), signal);
  }

  private async attempt<T>(options: ExternalCallOptions, call: ExternalCall<T>): Promise<T> {
    const { signal, maxConcurrent = this.definition.maxConcurrent } = options;
    // Whoever will be refused anyway does not wait for a place first.
    const refusedForMs = this.circuit.refusedForMs;
    if (refusedForMs !== undefined) throw this.refusal(refusedForMs);
    try {
      return await this.placesFor(maxConcurrent).execute(() => this.throughCircuit(options, call), signal);
    } catch (error) {
      if (isBulkheadRejectedError(error)) {
        this.metrics.called(this.circuit.service, 'rejected');
        throw new ExternalServiceBusyError(this.circuit.service, maxConcurrent);
      }
      // Cancelled while it waited for a place: the caller gets its own reason, as everywhere else.
      if (isTaskCancelledError(error)) signal?.throwIfAborted();
      throw error;
    }
  }

  private async throughCircuit<T>(options: ExternalCallOptions, call: ExternalCall<T>): Promise<T> {
    const { timeoutMs = this.definition.timeoutMs } = options;
    const permit = await this.circuit.admit(timeoutMs + PROBE_GRACE_MS);
    if (!permit.isAdmitted) throw this.refusal(permit.retryAfterMs);
    return this.observed(permit, options, () => this.inTime(timeoutMs, options.signal, call));
  }

  /** Makes the call and tells circuit and metrics what it came to. */
  private async observed<T>(
    permit: CallPermit,
    { signal, isFailure = () => true }: ExternalCallOptions,
    call: () => Promise<T>,
  ): Promise<T> {
    const { service } = this.circuit;
    const stop = this.metrics.timeCall(service);
    try {
      const value = await call();
      this.metrics.called(service, 'success');
      await this.circuit.report(permit, 'success');
      return value;
    } catch (error) {
      if (signal?.aborted === true) {
        await this.circuit.report(permit, 'abandoned');
        throw error;
      }
      const isTimeout = error instanceof ExternalCallTimeoutError;
      const failed = isTimeout || isFailure(error);
      this.metrics.called(service, isTimeout ? 'timeout' : failed ? 'failure' : 'success');
      await this.circuit.report(permit, failed ? 'failure' : 'success', failureCode(error));
      throw error;
    } finally {
      stop();
    }
  }

  /** Gives the call up at its time limit, also when it does not listen to its signal. */
  private async inTime<T>(
    timeoutMs: number,
    caller: AbortSignal | undefined,
    call: ExternalCall<T>,
  ): Promise<T> {
    let endedByItself: AbortSignal | undefined;
    try {
      return await timeout(timeoutMs, TimeoutStrategy.Aggressive).execute(async (_context, signal) => {
        try {
          return await call(signal);
        } catch (error) {
          if (!signal.aborted) endedByItself = signal;
          throw error;
        }
      }, caller);
    } catch (error) {
      // Aborted calls fail in their own words; what they were aborted by is known better here.
      if (endedByItself !== undefined) throw error;
      caller?.throwIfAborted();
      throw new ExternalCallTimeoutError(this.circuit.service, timeoutMs);
    }
  }

  private refusal(retryAfterMs: number): CircuitOpenError {
    this.metrics.called(this.circuit.service, 'rejected');
    return new CircuitOpenError(this.circuit.service, retryAfterMs);
  }

  private placesFor(maxConcurrent: number): BulkheadPolicy {
    let places = this.places.get(maxConcurrent);
    if (places === undefined) {
      places = bulkhead(maxConcurrent, maxConcurrent * WAITING_PER_CALL);
      this.places.set(maxConcurrent, places);
    }
    return places;
  }
}

function isWorthAnotherAttempt(error: unknown): boolean {
  if (error instanceof CircuitOpenError || error instanceof ExternalServiceBusyError) return false;
  return !(
    typeof error === 'object' &&
    error !== null &&
    'isRetryable' in error &&
    error.isRetryable === false
  );
}
