import type { Command } from 'commander';
import type { CircuitView } from '@bus/circuit-breaker';
import { UsageError } from '../cli.errors.ts';
import type { CommandContext, CommandRunner } from '../command-runner.ts';
import type { Report } from '../output/report.ts';
import { counted } from '../output/words.ts';
import { readCircuits } from '../session/circuits.ts';
import type { Session } from '../session/session.ts';
import { circuitTable } from './circuit-tables.ts';
import { suggestion } from './task-named.ts';

type Deed = 'open' | 'close' | 'reset';

const ACTIONS: Readonly<Record<Deed, string>> = {
  open: 'circuit_opened',
  close: 'circuit_closed',
  reset: 'circuit_reset',
};

export function addCircuitCommands(program: Command, runner: CommandRunner): void {
  const circuit = program.command('circuit').description('Circuits of the services the bus calls.');

  circuit
    .command('list')
    .description('every circuit with its failures and the jobs that wait for it')
    .action(() =>
      runner.runWatchable(async ({ session }) => {
        const circuits = await readCircuits(session);
        return { data: { circuits }, text: (screen) => circuitTable(screen, circuits) };
      }),
    );

  circuit
    .command('open')
    .description('call the service no more, in no process, until somebody closes the circuit')
    .argument('<service>')
    .requiredOption('--reason <text>', 'why, for those who find it later')
    .action((service: string, { reason }: { reason: string }) =>
      runner.run((context) => command(context, service, 'open', reason)),
    );

  circuit
    .command('close')
    .description('call the service again and forget its failures')
    .argument('<service>')
    .action((service: string) => runner.run((context) => command(context, service, 'close')));

  circuit
    .command('reset')
    .description('close the circuit and forget everything about it, numbers changed for it included')
    .argument('<service>')
    .action((service: string) => runner.run((context) => command(context, service, 'reset')));
}

async function command(
  { session, confirm, record }: CommandContext,
  service: string,
  deed: Deed,
  reason = '',
): Promise<Report> {
  const parkedJobs = await parkedFor(session, service);
  if (deed === 'reset') await confirm(`This forgets everything about the circuit of ${service}, for good.`);
  const circuits = await session.circuits();
  const view = await (deed === 'open' ? circuits.open(service, reason) : circuits[deed](service));
  await record({
    action: ACTIONS[deed],
    subjectType: 'circuit',
    subjectId: service,
    ...(deed === 'open' ? { details: { reason } } : {}),
  });
  return { data: { ...view, parkedJobs }, text: () => commandText(view, parkedJobs) };
}

function commandText({ service, state }: CircuitView, parkedJobs: number): string {
  if (state.name !== 'closed') {
    return `The circuit of ${service} is open until somebody closes it; work that needs it is parked meanwhile.`;
  }
  const released =
    parkedJobs === 0
      ? ''
      : ` ${counted(parkedJobs, 'parked job')} ${parkedJobs === 1 ? 'comes' : 'come'} back, slowly at first.`;
  return `The circuit of ${service} is closed.${released}`;
}

/** @throws UsageError for a service no process has ever called: a mistyped name would make a circuit nobody asks */
async function parkedFor(session: Session, service: string): Promise<number> {
  const circuits = await readCircuits(session);
  const known = circuits.find((one) => one.service === service);
  if (known !== undefined) return known.parkedJobs;
  throw new UsageError(
    `There is no circuit of '${service}'.`,
    suggestion(
      service,
      circuits.map((one) => one.service),
    ),
  );
}
