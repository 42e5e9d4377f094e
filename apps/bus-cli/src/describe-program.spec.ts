import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { describeProgram, type CommandDescription } from './describe-program.ts';

const commandsOf = (command: CommandDescription): CommandDescription[] => [
  command,
  ...command.commands.flatMap(commandsOf),
];

describe('describeProgram', () => {
  it('has something to say about every command and option', () => {
    for (const command of commandsOf(describeProgram())) {
      expect(command.description, command.name).not.toBe('');
      for (const { flags, description } of command.options) expect(description, flags).not.toBe('');
    }
  });

  it('is what the reference page shows', () => {
    const page = readFileSync(new URL('../../../docs/reference/bus-cli.md', import.meta.url), 'utf8');
    const headings = [...page.matchAll(/^#{2,3} `(.*)`$/gm)].map(([, name]) => name);
    const commands = commandsOf(describeProgram()).slice(1);
    expect(new Set(headings)).toEqual(new Set(commands.map(({ name }) => name)));
    expect(headings).toHaveLength(commands.length);
    for (const { flags } of commands.flatMap(({ options }) => options))
      expect(page).toContain(`\`${flags}\``);
  });
});
