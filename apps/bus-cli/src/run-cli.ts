import { CommanderError, type Command } from 'commander';
import { UsageError } from './cli.errors.ts';
import { CommandRunner } from './command-runner.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { buildProgram } from './program.ts';
import { findAddresses } from './session/addresses.ts';
import type { TaskDefinition } from '@bus/task-base';
import { Session } from './session/session.ts';
import type { Terminal } from './terminal.ts';

export interface CliSurroundings {
  readonly terminal: Terminal;
  /** Where a running `npm start` is looked for. */
  readonly folder: string;
  /** From when it is called: aborted instead of ending the process when the person has seen enough. */
  readonly interruption: () => AbortSignal;
  /** @default the catalog of the bus */
  readonly catalog?: readonly TaskDefinition[];
}

/** Runs one command line and resolves with its exit code when everything is closed again. Never rejects. */
export async function runCli(args: readonly string[], surroundings: CliSurroundings): Promise<ExitCode> {
  const { terminal, folder, interruption } = surroundings;
  const session = new Session(() => findAddresses(folder), surroundings.catalog);
  const runner = new CommandRunner({
    session,
    terminal,
    interruption,
    // Also when the arguments cannot be understood: a program wants to read what was wrong.
    options: () => ({ json: args.includes('--json'), ...program.opts() }),
  });
  const program = buildProgram(runner);
  let said = '';
  for (const command of withSubcommands(program)) {
    // Errors are told by the runner, in its form.
    command.exitOverride().configureOutput({ writeOut: terminal.write, writeErr: (text) => (said += text) });
  }
  try {
    await program.parseAsync(args, { from: 'user' });
    return runner.exitCode;
  } catch (error) {
    if (isHelp(error)) return EXIT.ok;
    runner.fail(error instanceof CommanderError ? usageErrorOf(error, said) : error);
    return runner.exitCode;
  } finally {
    await session.close();
  }
}

function withSubcommands(command: Command): Command[] {
  return [command, ...command.commands.flatMap(withSubcommands)];
}

/** Asked for with --help. Help shown because a command is missing is a usage error instead. */
function isHelp(error: unknown): boolean {
  return error instanceof CommanderError && error.exitCode === 0;
}

function usageErrorOf(error: CommanderError, said: string): UsageError {
  // A group called without a command: what commander says then is the help of the group.
  if (error.code === 'commander.help') return new UsageError(`${said}\nA command is missing.`);
  return new UsageError(error.message.replace(/^error: /, ''), 'see bus --help, or --help after any command');
}
