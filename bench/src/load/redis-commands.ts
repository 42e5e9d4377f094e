import type { Redis } from 'ioredis';

/** How often the server has run each command so far, those inside scripts included. */
export async function commandCounts(redis: Redis): Promise<ReadonlyMap<string, number>> {
  const stats = await redis.info('commandstats');
  return new Map(
    [...stats.matchAll(/^cmdstat_(\S+?):calls=(\d+)/gm)].map(([, command, calls]) => [
      command!,
      Number(calls),
    ]),
  );
}

/** The commands that were run between two counts. */
export function commandsBetween(
  before: ReadonlyMap<string, number>,
  after: ReadonlyMap<string, number>,
): Record<string, number> {
  const run = [...after].map(([command, calls]) => [command, calls - (before.get(command) ?? 0)] as const);
  return Object.fromEntries(run.filter(([, calls]) => calls > 0));
}
