import { Command, InvalidArgumentError } from 'commander';
import type { CommandRunner } from './command-runner.ts';
import { addCircuitCommands } from './commands/circuit.ts';
import { addDeadLetterCommands } from './commands/dlq.ts';
import { addDoctorCommand } from './commands/doctor.ts';
import { addInspectCommands } from './commands/inspect.ts';
import { addJobCommands } from './commands/job.ts';
import { addQueueCommands } from './commands/queue.ts';
import { addRouteCommand } from './commands/route.ts';
import { addScheduleCommands } from './commands/schedule.ts';
import { addStatusCommand } from './commands/status.ts';
import { addTaskCommands } from './commands/task.ts';

/** The whole command line: every group adds its own commands. Builds only the description; code is loaded by the command that runs. */
export function buildProgram(runner: CommandRunner): Command {
  const program = new Command('bus')
    .description('Looks at the message bus and steers it.')
    .option('--json', 'one JSON document instead of tables; with --watch one per line')
    .option('--watch', 'look again and again until Ctrl-C, where that makes sense')
    .option('--interval <seconds>', 'time between two looks with --watch', positiveNumber, 2)
    .option('-y, --yes', 'do what cannot be undone without asking')
    .configureHelp({ showGlobalOptions: true })
    .helpCommand(false)
    .addHelpText(
      'after',
      '\nExit codes: 0 fine, 1 there is a problem, 2 the command was not understood, 3 a server does not answer.' +
        '\nThe bus is found through REDIS_URL, DATABASE_URL and MQTT_*, or by the running `npm start` of this folder.',
    );
  for (const add of [
    addStatusCommand,
    addDoctorCommand,
    addInspectCommands,
    addQueueCommands,
    addJobCommands,
    addDeadLetterCommands,
    addTaskCommands,
    addRouteCommand,
    addScheduleCommands,
    addCircuitCommands,
  ]) {
    add(program, runner);
  }
  return program;
}

function positiveNumber(text: string): number {
  const number = Number(text);
  if (!(number >= 0.1 && number <= 3_600))
    throw new InvalidArgumentError('It must be a number from 0.1 to 3600.');
  return number;
}
