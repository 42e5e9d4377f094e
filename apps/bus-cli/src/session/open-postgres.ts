import type { createPostgresPool } from '@bus/platform';
import { UnreachableError } from '../cli.errors.ts';
import type { Addresses } from './addresses.ts';

/** pg's Pool, as the platform makes it. */
export type PostgresPool = ReturnType<typeof createPostgresPool>;

/** A command runs a few statements at most. */
const POOL_SIZE = 4;

/** @throws UnreachableError unless Postgres answers; SettingsError when its address cannot be used */
export async function openPostgres({ settings, source }: Addresses): Promise<PostgresPool> {
  const [{ Logger }, { createPostgresPool, loadSettings, PostgresSettings }] = await Promise.all([
    import('@nestjs/common'),
    import('@bus/platform'),
  ]);
  if (settings['DATABASE_URL'] === undefined) {
    throw new UnreachableError('This needs Postgres, and nobody says where it is.', 'set DATABASE_URL');
  }
  Logger.overrideLogger(false);
  const { postgres } = loadSettings(
    { postgres: PostgresSettings },
    { ...settings, DATABASE_POOL_SIZE: String(POOL_SIZE) },
  );
  const pool = createPostgresPool(postgres, { applicationName: 'bus-cli' });
  try {
    await pool.query('select 1');
    return pool;
  } catch (cause) {
    await pool.end();
    throw UnreachableError.ofServer('Postgres', source, cause);
  }
}
