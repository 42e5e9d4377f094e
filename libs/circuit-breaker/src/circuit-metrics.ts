import type { Metrics } from '@bus/observability';
import { KNOWN_SERVICES, serviceLabel } from './catalog/circuit-catalog.ts';
import { CIRCUIT_STATES } from './state/circuit-state.ts';
import type { CircuitStateName } from './state/circuit-state.ts';

/** What this process measures of the services it calls. */
export class CircuitMetrics {
  private readonly metrics: Metrics;

  constructor(metrics: Metrics, stateOf: (service: string) => CircuitStateName | undefined) {
    this.metrics = metrics;
    const states = metrics.gauge('bus_external_service_circuit_state');
    metrics.beforeCollect(() => {
      for (const service of KNOWN_SERVICES) {
        const current = stateOf(service);
        if (current === undefined) continue;
        for (const state of CIRCUIT_STATES) states.set({ service, state }, state === current ? 1 : 0);
      }
    });
  }

  called(service: string, outcome: 'success' | 'failure' | 'timeout' | 'rejected'): void {
    this.metrics.counter('bus_external_service_calls_total').inc({ service: serviceLabel(service), outcome });
  }

  timeCall(service: string): () => void {
    return this.metrics
      .histogram('bus_external_service_call_duration_seconds')
      .startTimer({ service: serviceLabel(service) });
  }

  moved(service: string, to: CircuitStateName): void {
    this.metrics
      .counter('bus_external_service_circuit_transitions_total')
      .inc({ service: serviceLabel(service), to });
  }
}
