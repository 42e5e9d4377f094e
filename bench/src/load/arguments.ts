import { parseArgs } from 'node:util';

const { values } = parseArgs({ strict: false });

/** The value of `--name=value` on this process's command line; undefined when it is missing. */
export function optionalArgument(name: string): string | undefined {
  const value = values[name];
  return typeof value === 'string' ? value : undefined;
}

/** The value of `--name=value` on this process's command line; throws when it is missing. */
export function requiredArgument(name: string): string {
  const value = optionalArgument(name);
  if (value === undefined) throw new Error(`--${name} is missing`);
  return value;
}
