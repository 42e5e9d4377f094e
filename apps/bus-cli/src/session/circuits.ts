import type { CircuitView } from '@bus/circuit-breaker';
import type { Session } from './session.ts';

/** A circuit with the jobs of all queues that wait for its service. */
export interface CircuitWithJobs extends CircuitView {
  readonly parkedJobs: number;
}

/** Every circuit of the fleet, by name. */
export async function readCircuits(session: Session): Promise<CircuitWithJobs[]> {
  const [views, parked] = await Promise.all([
    session.circuits().then((circuits) => circuits.list()),
    session.queues().then((queues) => queues.parked()),
  ]);
  return views.map((view) => ({
    ...view,
    parkedJobs: parked
      .filter(({ service }) => service === view.service)
      .reduce((sum, { jobs }) => sum + jobs, 0),
  }));
}
