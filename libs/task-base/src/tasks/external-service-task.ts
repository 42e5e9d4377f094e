import { Inject } from '@nestjs/common';
import { CircuitBreakers } from '@bus/circuit-breaker';
import type { ExternalCall, ExternalCallOptions } from '@bus/circuit-breaker';
import { BaseTask } from './base-task.ts';
import { externalServiceCall } from './external-service-call.ts';

/**
 * A task that calls services outside the bus. While a service's circuit is open its runs are put aside and come back when the
 * circuit has closed, without using up an attempt: let `CircuitOpenError` pass.
 */
export abstract class ExternalServiceTask<P extends object, R = void> extends BaseTask<P, R> {
  @Inject(CircuitBreakers) protected readonly circuits!: CircuitBreakers;

  /** See the function of the same name, which tasks of another kind can use with `CircuitBreakers` injected. */
  protected externalServiceCall<T>(
    service: string,
    options: ExternalCallOptions,
    call: ExternalCall<T>,
  ): Promise<T> {
    return externalServiceCall(this.circuits, service, options, call);
  }
}
