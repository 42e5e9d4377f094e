import pg from 'pg';

/** What `commitTimes` needs of Postgres. */
export const COMMIT_TIMES_SETTINGS = { track_commit_timestamp: 'on' } as const;

/**
 * When Postgres committed alerts, by message id, in milliseconds since 1970 by the wall clock of its machine.
 *
 * @param prefix what their message ids begin with
 */
export async function commitTimes(databaseUrl: string, prefix: string): Promise<Map<string, number>> {
  const database = new pg.Client({ connectionString: databaseUrl });
  await database.connect();
  try {
    const { rows } = await database.query<{ id: string; at: number }>(
      `select message_id as id, (extract(epoch from pg_xact_commit_timestamp(xmin)) * 1000)::float8 as at
       from device_alerts where starts_with(message_id, $1)`,
      [prefix],
    );
    return new Map(rows.map(({ id, at }) => [id, at]));
  } finally {
    await database.end();
  }
}
