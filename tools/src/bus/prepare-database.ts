import { DEMO_FLEET, migrate, seedDemo, type DemoDevice } from '@bus/database';
import { Pool } from 'pg';

/** Brings a database to the newest schema and puts the demo people and devices in. Can be repeated at will. */
export async function prepareDatabase(
  databaseUrl: string,
  demo: { passwords: Record<string, string>; fleet?: readonly DemoDevice[] },
): Promise<void> {
  const pool = new Pool({ connectionString: databaseUrl, max: 2, connectionTimeoutMillis: 10_000 });
  // An idle connection that breaks is reported by the next query.
  pool.on('error', () => {});
  try {
    await migrate(pool);
    await seedDemo(pool, { passwords: demo.passwords, fleet: demo.fleet ?? DEMO_FLEET });
  } finally {
    await pool.end();
  }
}
