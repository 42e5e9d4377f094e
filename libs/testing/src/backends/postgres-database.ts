import { randomBytes } from 'node:crypto';
import { Client, escapeIdentifier } from 'pg';

export interface PostgresDatabase {
  readonly name: string;
  readonly url: string;
  /** Drops the database and ends every session that still uses it. */
  drop(): Promise<void>;
}

/** Creates an empty database with a URL of an administrator; without a name it gets a random one. */
export async function createDatabase(
  adminUrl: string,
  name = `test_${randomBytes(6).toString('hex')}`,
): Promise<PostgresDatabase> {
  await administer(adminUrl, `create database ${escapeIdentifier(name)} template template0`);
  const url = new URL(adminUrl);
  url.pathname = `/${encodeURIComponent(name)}`;
  return {
    name,
    url: url.toString(),
    drop: () => administer(adminUrl, `drop database if exists ${escapeIdentifier(name)} with (force)`),
  };
}

async function administer(url: string, statement: string): Promise<void> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 10_000 });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
