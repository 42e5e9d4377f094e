import { parseEnv } from 'node:util';

/** The text of a file for `node --env-file`. Throws when Node would not read back what was put in. */
export function renderEnvFile(environment: Readonly<Record<string, string>>): string {
  const text = Object.entries(environment)
    .map(([name, value]) => `${name}=${value}\n`)
    .join('');
  const readBack = parseEnv(text);
  const changed = Object.keys(environment).filter((name) => readBack[name] !== environment[name]);
  if (changed.length > 0) {
    throw new Error(`An env file cannot hold the values of ${changed.join(', ')}: they need quoting.`);
  }
  return text;
}
