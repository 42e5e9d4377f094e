import { createRedisDatabase, startRedis } from '@bus/testing';

import type { Side } from './worker-process.ts';

/** One private Redis with an append-only file; every turn gets a database of its own. */
export interface TurnRedis {
  /** URL of an empty database. */
  nextDatabase(): Promise<string>;
  stop(): Promise<unknown>;
}

const MAX_TURNS = 64;

export async function startTurnRedis(): Promise<TurnRedis> {
  const redis = await startRedis({ appendOnly: true, databases: MAX_TURNS });
  return { nextDatabase: () => createRedisDatabase(redis.url), stop: () => redis.stop() };
}

/** What either side came to in one round. */
export interface Round<T> {
  readonly bare: T;
  readonly bus: T;
}

/** Lets both sides take turns; who begins changes with each round, so that neither always meets the warmer machine. */
export async function takeTurns<T>(
  rounds: number,
  turn: (side: Side, round: number) => Promise<T>,
): Promise<Round<T>[]> {
  const results: Round<T>[] = [];
  for (let round = 1; round <= rounds; round += 1) {
    if (round % 2 === 1) {
      const bare = await turn('bare', round);
      results.push({ bare, bus: await turn('bus', round) });
    } else {
      const bus = await turn('bus', round);
      results.push({ bare: await turn('bare', round), bus });
    }
  }
  return results;
}
