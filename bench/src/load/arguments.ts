import { parseArgs } from 'node:util';

const { values } = parseArgs({ strict: false });

/** The value of `--name=value` on this process's command line; throws when it is missing. */
export function requiredArgument(name: string): string {
  const value = values[name];
  if (typeof value !== 'string') throw new Error(`--${name} is missing`);
  return value;
}
