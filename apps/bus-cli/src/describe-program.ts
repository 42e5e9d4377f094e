import type { Command } from 'commander';
import { CommandRunner } from './command-runner.ts';
import { buildProgram } from './program.ts';
import { Session } from './session/session.ts';
import { processTerminal } from './terminal.ts';

/** One command with its options and, for a group, the commands in it. */
export interface CommandDescription {
  /** With the groups it is in: `bus queue list`. */
  readonly name: string;
  readonly usage: string;
  readonly description: string;
  readonly options: readonly { readonly flags: string; readonly description: string }[];
  readonly commands: readonly CommandDescription[];
}

/** The command line as it describes itself, for the reference page. Runs nothing. */
export function describeProgram(): CommandDescription {
  const runner = new CommandRunner({
    session: new Session(() => Promise.reject(new Error('nothing is run here'))),
    terminal: processTerminal(),
    interruption: () => AbortSignal.abort(),
    options: () => ({}),
  });
  return describeCommand(buildProgram(runner), '');
}

function describeCommand(command: Command, groups: string): CommandDescription {
  const name = `${groups}${command.name()}`;
  return {
    name,
    usage: [name, ...command.registeredArguments.map(argumentText)].join(' '),
    description: command.description(),
    options: command.options.map(({ flags, description, defaultValue, argChoices }) => ({
      flags,
      description: [
        description,
        ...(argChoices === undefined ? [] : [`one of ${argChoices.join(', ')}`]),
        ...(defaultValue === undefined ? [] : [`default ${String(defaultValue)}`]),
      ].join('; '),
    })),
    commands: command.commands.map((child) => describeCommand(child, `${name} `)),
  };
}

function argumentText(argument: Command['registeredArguments'][number]): string {
  const text = `${argument.name()}${argument.variadic ? '...' : ''}`;
  return argument.required ? `<${text}>` : `[${text}]`;
}
