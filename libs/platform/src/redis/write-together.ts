import type { RedisConnection } from './redis-connections.ts';

const corked = new WeakSet<object>();

/**
 * Whatever is sent over the connection until the event loop turns is written to the socket at once: one system call instead
 * of one per command. For a few commands that follow each other closely; clusters are left as they are.
 */
export function writeTogether(connection: RedisConnection): void {
  if (!('stream' in connection)) return;
  const { stream } = connection;
  // While connecting there may be no socket yet.
  if (!stream || corked.has(stream)) return;
  corked.add(stream);
  stream.cork();
  setImmediate(() => {
    corked.delete(stream);
    stream.uncork();
  });
}
