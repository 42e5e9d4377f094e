import { GENERATED_NOTE } from './generated-note.ts';
import { code, markdownTable } from './markdown.ts';

/** One command of the command line, as `apps/bus-cli` describes itself. */
export interface CommandDescription {
  readonly name: string;
  readonly usage: string;
  readonly description: string;
  readonly options: readonly { readonly flags: string; readonly description: string }[];
  readonly commands: readonly CommandDescription[];
}

/** The reference page of the command line, group by group. */
export function renderBusCliPage(program: CommandDescription): string {
  const leaves = program.commands.filter(({ commands }) => commands.length === 0);
  const groups = program.commands.filter(({ commands }) => commands.length > 0);
  return [
    `<!-- ${GENERATED_NOTE} -->`,
    '',
    '# The `bus` command line',
    '',
    'Every command understands the options of `bus` itself. How to work with it: [guide](../guides/bus-cli.md).',
    '',
    ...optionTable(program),
    ...leaves.flatMap((command) => commandSection(`## ${code(command.name)}`, command)),
    ...groups.flatMap((group) => [
      `## ${code(group.name)}`,
      '',
      group.description,
      '',
      ...group.commands.flatMap((command) => commandSection(`### ${code(command.name)}`, command)),
    ]),
  ].join('\n');
}

function commandSection(heading: string, command: CommandDescription): string[] {
  return [
    heading,
    '',
    `${sentence(command.description)} ${code(command.usage)}`,
    '',
    ...optionTable(command),
  ];
}

function optionTable({ options }: CommandDescription): string[] {
  if (options.length === 0) return [];
  const rows = options.map(({ flags, description }) => [code(flags), description]);
  return [...markdownTable(['option', 'what it does'], rows), ''];
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}
