import type { RedisConnection } from '@bus/platform';

/** A reconnect after a Redis restart takes well under a second; a longer absence is for the caller to answer. */
const PATIENCE_MS = 1_000;
/** Waiting calls hold their message; with more than this, waiting would cost more than failing. */
const MAX_WAITING = 1_000;

const lines = new WeakMap<RedisConnection, { ready: Promise<void>; calls: number }>();

/** Whether a call must go through `waitUntilReady`: not connected, or others still wait and must not be overtaken. */
export function mustWait(connection: RedisConnection): boolean {
  if (connection.status !== 'ready' || lines.has(connection)) return true;
  // A connection that is being closed counts as ready until it is closed, but takes nothing any more.
  return 'stream' in connection && !connection.stream.writable;
}

/**
 * Gives a reconnecting client a moment to come back, instead of failing at once.
 * All callers wait for the same moment and go on in the order they came.
 *
 * @throws Error when the client is not ready within a second, or too many calls wait already.
 */
export async function waitUntilReady(connection: RedisConnection): Promise<void> {
  let line = lines.get(connection);
  if (line === undefined) {
    line = { ready: becomesReady(connection).finally(() => lines.delete(connection)), calls: 0 };
    lines.set(connection, line);
  }
  if (line.calls >= MAX_WAITING)
    throw new Error('Redis is not connected and too many calls are waiting for it');
  line.calls += 1;
  await line.ready;
}

function becomesReady(connection: RedisConnection): Promise<void> {
  return new Promise((resolve, reject) => {
    if (connection.status === 'end') return reject(new Error('The Redis connection is closed'));
    const onReady = (): void => {
      clearTimeout(timer);
      resolve();
    };
    const timer = setTimeout(() => {
      connection.off('ready', onReady);
      reject(new Error(`Redis is not connected (${connection.status})`));
    }, PATIENCE_MS);
    connection.once('ready', onReady);
  });
}
