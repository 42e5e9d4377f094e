import { readFileSync } from 'node:fs';
import { prepareDatabase } from '../bus/prepare-database.ts';
import type { Runtime } from '../start/runtime-file.ts';
import { publishCommand } from '../start/welcome.ts';

/**
 * Brings the database of the prepared `runtime.json` to the newest schema and puts the demo people and devices in. Can
 * be repeated at will. Resolves with what to tell the person who started the containers.
 */
export async function migrate(runtimeFile: string): Promise<string> {
  const runtime = JSON.parse(readFileSync(runtimeFile, 'utf8')) as Runtime;
  const passwords = runtime.demo.users.map(({ username, password }) => [username, password] as const);
  try {
    await prepareDatabase(runtime.databaseUrl, { passwords: Object.fromEntries(passwords) });
  } catch (error) {
    if (!isWrongPassword(error)) throw error;
    throw new Error(
      'The database was made with another password, before the secrets were. ' +
        'Start over, without the data: docker compose down --volumes',
      { cause: error },
    );
  }
  return describeDemo(runtime);
}

function describeDemo(runtime: Runtime): string {
  const noc = runtime.demo.users.find(({ role }) => role === 'noc_operator');
  return [
    '',
    `  NOC       ${runtime.nocUrl}   ${noc?.username ?? ''} / ${noc?.password ?? ''}`,
    `  Metrics   ${runtime.metricsUrl}`,
    '  All demo users and devices:',
    '    docker compose run --rm --no-deps migrate cat /config/runtime.json',
    '  Send an alert:',
    `    docker compose exec mosquitto ${publishCommand(runtime) ?? ''}`,
    '',
  ].join('\n');
}

function isWrongPassword(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === '28P01';
}
