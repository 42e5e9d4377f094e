import {
  createPostgresPool,
  isSettingsError,
  loadSettings,
  type PostgresSettings,
  type SettingsClass,
} from '@bus/platform';
import type { Pool } from 'pg';

type Sections = Record<string, SettingsClass> & { postgres: typeof PostgresSettings };
type Loaded<S extends Sections> = { [K in keyof S]: InstanceType<S[K]> };

/**
 * Runs one piece of work on the database of the environment and prints its result as one line of JSON.
 * Exit code 0 when it was done, 1 when not (the reason is on standard error).
 */
export async function runOnDatabase<S extends Sections>(
  sections: S,
  work: (pool: Pool, settings: Loaded<S>) => Promise<object>,
): Promise<void> {
  try {
    const settings = loadSettings(sections);
    const pool = createPostgresPool(settings.postgres);
    try {
      process.stdout.write(`${JSON.stringify(await work(pool, settings))}\n`);
    } finally {
      await pool.end();
    }
  } catch (error) {
    process.stderr.write(`${reasonOf(error)}\n`);
    process.exitCode = 1;
  }
}

/** The chain of causes for a failure; a settings problem explains itself. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (isSettingsError(error)) return error.message;
  const cause = error.cause === undefined ? '' : `\nBecause: ${reasonOf(error.cause)}`;
  return `${error.stack ?? error.message}${cause}`;
}
