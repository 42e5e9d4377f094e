import { circuitWhy } from '../output/circuit-words.ts';
import { counted } from '../output/words.ts';
import { readCircuits } from '../session/circuits.ts';
import type { Session } from '../session/session.ts';
import { ok, warning, type Finding } from './finding.ts';

/** Whether the services the bus calls are called. An open circuit does its work, so it is no failure of the bus. */
export async function checkCircuits(session: Session): Promise<Finding[]> {
  const circuits = await readCircuits(session);
  const others = circuits.filter(({ state }) => state.name !== 'closed');
  if (others.length === 0) {
    return [ok('every circuit is closed', circuits.map(({ service }) => service).join(', '))];
  }
  return others.map((circuit) => {
    const { service, state, parkedJobs } = circuit;
    const isByHand = state.name === 'open' && state.forcedBecause !== undefined;
    return warning(
      `circuit of ${service}`,
      `${state.name.replace('_', ' ')}, ${counted(parkedJobs, 'job')} parked; ${circuitWhy(circuit)}`,
      isByHand
        ? `when the service is well again: bus circuit close ${service}`
        : `see what ails ${service}; it is tried again by itself`,
    );
  });
}
