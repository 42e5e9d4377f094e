import type { RedisConnection, RedisConnections } from '@bus/platform';
import { UnreachableError } from '../cli.errors.ts';
import type { Addresses } from './addresses.ts';

const PATIENCE_MS = 5_000;

/** @throws UnreachableError unless Redis answers soon; SettingsError when its address cannot be used */
export async function openRedis({ settings, source }: Addresses): Promise<RedisConnections> {
  const [{ Logger }, { loadSettings, RedisConnections, RedisSettings }] = await Promise.all([
    import('@nestjs/common'),
    import('@bus/platform'),
  ]);
  // What goes wrong is told by the command itself, once.
  Logger.overrideLogger(false);
  const { redis } = loadSettings({ redis: RedisSettings }, settings);
  const connections = new RedisConnections(redis, { clientName: 'bus-cli' });
  try {
    await becomesReady(connections.commands);
    return connections;
  } catch (cause) {
    await connections.closeAll();
    throw UnreachableError.ofServer('Redis', source, cause);
  }
}

async function becomesReady(connection: RedisConnection): Promise<void> {
  if (connection.status === 'ready') return;
  let timer: NodeJS.Timeout | undefined;
  try {
    await new Promise<void>((resolve, reject) => {
      timer = setTimeout(() => reject(new Error(`no answer within ${PATIENCE_MS / 1_000} s`)), PATIENCE_MS);
      connection.once('ready', () => resolve());
      connection.once('error', reject);
    });
  } finally {
    clearTimeout(timer);
  }
}
