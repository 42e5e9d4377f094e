import { readFileSync } from 'node:fs';
import type { ClusterOptions, RedisOptions } from 'ioredis';
import type { RedisTarget } from './redis-url.ts';

/**
 * What a connection is for, and so how it behaves while Redis is away:
 * - `commands`: waits for Redis up to 5 s, then the command rejects. For everything that has no rule of its own.
 * - `producer`: rejects at once when not connected and after 2 s otherwise, so the caller can refuse or spool.
 * - `blocking`: waits for ever. For the blocking reads of queue workers, and nothing else.
 * - `subscriber`: waits for ever and subscribes again by itself. What was published meanwhile is missed.
 */
export type RedisPurpose = 'commands' | 'blocking' | 'subscriber' | 'producer';

const COMMAND_TIMEOUT_MS = 5_000;
const PRODUCER_TIMEOUT_MS = 2_000;
const CONNECT_TIMEOUT_MS = 5_000;
const MAX_RECONNECT_DELAY_MS = 1_000;

/**
 * A connection that answers nothing for that long, although something was asked, is dead. Blocking reads of queue workers
 * take up to 10 s by themselves.
 */
const SILENCE_MS = 10_000;
const BLOCKING_SILENCE_MS = 30_000;

/** Doubles from 50 ms to 1 s, with the upper half random, so that a fleet does not come back in one wave. Never gives up. */
export function reconnectDelayMs(attempt: number, random = Math.random): number {
  const ceiling = Math.min(MAX_RECONNECT_DELAY_MS, 50 * 2 ** Math.min(attempt - 1, 10));
  return Math.round(ceiling / 2 + (random() * ceiling) / 2);
}

/** Options of one connection to a single server or to the master the sentinels name. */
export function redisOptions(
  target: RedisTarget,
  purpose: RedisPurpose,
  name: string,
  caFile?: string,
): RedisOptions {
  const [server] = target.hosts;
  const tls = tlsOptions(target, caFile);
  return {
    ...sharedOptions(target, purpose, name, caFile),
    ...(target.kind === 'sentinel'
      ? {
          sentinels: target.hosts.map(({ host, port }) => ({ host, port })),
          ...(target.masterName === undefined ? {} : { name: target.masterName }),
          ...(target.sentinelPassword === undefined ? {} : { sentinelPassword: target.sentinelPassword }),
          ...(tls ? { enableTLSForSentinelMode: true, sentinelTLS: tls } : {}),
          sentinelRetryStrategy: (attempt: number) => reconnectDelayMs(attempt),
          failoverDetector: true,
        }
      : { host: server?.host ?? '', port: server?.port ?? 0 }),
    db: target.db,
    enableOfflineQueue: purpose !== 'producer',
    retryStrategy: (attempt) => reconnectDelayMs(attempt),
  };
}

/** Options of one connection to a cluster. */
export function clusterOptions(
  target: RedisTarget,
  purpose: RedisPurpose,
  name: string,
  caFile?: string,
): ClusterOptions {
  return {
    enableOfflineQueue: purpose !== 'producer',
    clusterRetryStrategy: (attempt) => reconnectDelayMs(attempt),
    clusterNodeRetryStrategy: (attempt) => reconnectDelayMs(attempt),
    // Managed clusters hand out names that only their certificates know; resolving them here would break TLS.
    ...(target.tls ? { dnsLookup: (address, callback) => callback(null, address) } : {}),
    redisOptions: sharedOptions(target, purpose, name, caFile),
  };
}

function sharedOptions(target: RedisTarget, purpose: RedisPurpose, name: string, caFile?: string) {
  const tls = tlsOptions(target, caFile);
  return {
    connectionName: name,
    connectTimeout: CONNECT_TIMEOUT_MS,
    keepAlive: 10_000,
    noDelay: true,
    ...(target.username === undefined ? {} : { username: target.username }),
    ...(target.password === undefined ? {} : { password: target.password }),
    ...(tls ? { tls } : {}),
    // A former master answers READONLY after a failover: connect anew and find the present one, then send again.
    reconnectOnError: (error: Error) => (error.message.startsWith('READONLY') ? (2 as const) : false),
    ...waitingOptions(purpose),
  };
}

function waitingOptions(purpose: RedisPurpose) {
  switch (purpose) {
    case 'commands':
      return { commandTimeout: COMMAND_TIMEOUT_MS, socketTimeout: SILENCE_MS, maxRetriesPerRequest: 20 };
    case 'producer':
      // A command that rejected must not be sent again behind the back of a caller who did something else by then.
      return {
        commandTimeout: PRODUCER_TIMEOUT_MS,
        socketTimeout: SILENCE_MS,
        maxRetriesPerRequest: 0,
        autoResendUnfulfilledCommands: false,
      };
    case 'blocking':
      return { maxRetriesPerRequest: null, socketTimeout: BLOCKING_SILENCE_MS };
    case 'subscriber':
      return { maxRetriesPerRequest: null, socketTimeout: SILENCE_MS, autoResubscribe: true };
    default:
      return purpose satisfies never;
  }
}

function tlsOptions(target: RedisTarget, caFile: string | undefined): { ca?: Buffer } | undefined {
  if (!target.tls) return undefined;
  return caFile === undefined ? {} : { ca: readFileSync(caFile) };
}
