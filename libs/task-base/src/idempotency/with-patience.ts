import { setTimeout as pause } from 'node:timers/promises';

/** Together about four seconds: a failover of Redis or Postgres is over by then. */
const PAUSES_MS = [100, 300, 1_000, 2_500];

/** Writes what has happened already: losing it would cost a second execution, so a store that is away is asked again. */
export async function withPatience<T>(write: () => Promise<T>): Promise<T> {
  for (const pauseMs of PAUSES_MS) {
    try {
      return await write();
    } catch {
      await pause(pauseMs);
    }
  }
  return write();
}
