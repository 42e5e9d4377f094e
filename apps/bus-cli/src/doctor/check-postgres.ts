import { duration } from '../output/words.ts';
import type { Session } from '../session/session.ts';
import { failed, ok, skipped, type Finding } from './finding.ts';

/** Whether Postgres answers and has the tables this build wants. */
export async function checkPostgres(session: Session): Promise<Finding[]> {
  const { settings } = await session.addresses();
  if (settings['DATABASE_URL'] === undefined) return [skipped('answers', 'DATABASE_URL is not given')];
  const [{ pendingMigrations, TimeSeriesPartitions }, pool] = await Promise.all([
    import('@bus/database'),
    session.postgres(),
  ]);
  const startedAt = performance.now();
  const pending = await pendingMigrations(pool);
  const answers = ok('answers', `in ${duration((performance.now() - startedAt) / 1_000)}`);
  if (pending.length > 0) {
    return [
      answers,
      failed(
        'schema',
        `${pending.length} migrations have not run: ${pending.join(', ')}`,
        'run node libs/database/dist/bin/migrate.js with this DATABASE_URL',
      ),
      skipped('partitions', 'the schema comes first'),
    ];
  }
  return [answers, ok('schema', 'as this build wants it'), await partitions(new TimeSeriesPartitions(pool))];
}

async function partitions(timeSeries: { missing(): Promise<string[]> }): Promise<Finding> {
  const missing = await timeSeries.missing();
  if (missing.length === 0) return ok('partitions', 'today and tomorrow are there');
  return failed(
    'partitions',
    `missing: ${missing.join(', ')}`,
    'a running task-worker makes them every hour; see whether one runs, and its log for storage upkeep',
  );
}
