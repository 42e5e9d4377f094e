import { duration } from '../output/words.ts';
import type { Session } from '../session/session.ts';
import { failed, ok, skipped, warning, type Finding } from './finding.ts';

/** Ages and timeouts begin to look odd; tokens are refused. */
const ODD_MS = 1_000;
const WRONG_MS = 30_000;

/** How far the clocks of the servers are from the one here. */
export async function checkClocks(session: Session): Promise<Finding[]> {
  const { settings } = await session.addresses();
  return Promise.all([
    compare('Redis', async () => {
      const [seconds, microseconds] = await (await session.redis()).time();
      return Number(seconds) * 1_000 + Number(microseconds) / 1_000;
    }),
    settings['DATABASE_URL'] === undefined
      ? skipped('clock of Postgres', 'DATABASE_URL is not given')
      : compare('Postgres', async () => {
          const { databaseTimeMs } = await import('@bus/database');
          return databaseTimeMs(await session.postgres());
        }),
  ]);
}

async function compare(name: string, ask: () => Promise<number>): Promise<Finding> {
  const check = `clock of ${name}`;
  try {
    // Once to open the connection, so that only the question itself is timed.
    await ask();
    const askedAt = Date.now();
    const theirs = await ask();
    const answeredAt = Date.now();
    const skewMs = theirs - (askedAt + answeredAt) / 2;
    // What the answer was under way for cannot be told from skew.
    const certainMs = Math.max(0, Math.abs(skewMs) - (answeredAt - askedAt) / 2);
    const detail =
      certainMs < 1
        ? 'agrees with the one here'
        : `${skewMs > 0 ? 'ahead' : 'behind'} by ${duration(certainMs / 1_000)}`;
    const hint = 'let NTP set the clocks of all machines';
    if (certainMs >= WRONG_MS) return failed(check, detail, hint);
    return certainMs >= ODD_MS ? warning(check, detail, hint) : ok(check, detail);
  } catch {
    return skipped(check, `${name} does not answer`);
  }
}
