import type { Screen, Style } from '../output/screen.ts';
import { table, type Cell } from '../output/table.ts';
import { circuitWhy } from '../output/circuit-words.ts';
import { duration } from '../output/words.ts';
import type { CircuitWithJobs } from '../session/circuits.ts';
import { quietZero } from './queue-tables.ts';

const STATES: Readonly<Record<CircuitWithJobs['state']['name'], { text: string; style: Style }>> = {
  closed: { text: 'closed', style: 'good' },
  open: { text: 'open', style: 'bad' },
  half_open: { text: 'half open', style: 'warning' },
};

export function circuitTable(screen: Screen, circuits: readonly CircuitWithJobs[]): string {
  return table(
    screen,
    [
      { title: 'service', shrinks: 'id' },
      { title: 'state' },
      { title: 'failures', align: 'right' },
      { title: 'parked', align: 'right' },
      { title: 'opens at' },
      { title: 'why', shrinks: 'text' },
    ],
    circuits.map((circuit) => [
      circuit.service,
      STATES[circuit.state.name],
      circuit.state.name === 'closed' ? quietZero(circuit.state.failuresInWindow, 'warning') : '-',
      quietZero(circuit.parkedJobs, 'warning'),
      `${circuit.rules.failureThreshold} in ${duration(circuit.rules.windowMs / 1_000)}`,
      whyCell(circuit),
    ]),
  );
}

function whyCell(circuit: CircuitWithJobs): Cell {
  const text = circuitWhy(circuit);
  return text === '' ? { text: '-', style: 'quiet' } : text;
}
