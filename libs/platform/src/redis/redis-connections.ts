import { Logger } from '@nestjs/common';
import type { Metrics } from '@bus/observability';
import { Cluster, Redis } from 'ioredis';
import { RepeatedWarning } from '../lifecycle/repeated-warning.ts';
import type { RedisSettings } from '../settings/redis.settings.ts';
import { clusterOptions, redisOptions, type RedisPurpose } from './redis-options.ts';
import { RedisSubscriber } from './redis-subscriber.ts';
import { parseRedisUrl } from './redis-url.ts';

/** A connection to one server, to the master the sentinels name, or to a cluster. */
export type RedisConnection = Redis | Cluster;

const QUIT_WITHIN_MS = 1_000;

/** A forced end takes the client up to 2 s more, and a cluster whose nodes are gone never tells that it ended. */
const GIVE_UP_AFTER_MS = 4_000;
const PROBE_EVERY_MS = 5_000;

interface OpenConnection {
  readonly connection: RedisConnection;
  readonly purpose: RedisPurpose;
  wasReady: boolean;
}

/**
 * Opens and closes the Redis connections of a process. Every connection reconnects for ever, with a jittered back-off of
 * at most 1 s; its errors are logged at most every 5 s; a peer that stops answering is noticed within about 15 s
 * (blocking ones: 30 s). What a command does meanwhile depends on the purpose, see RedisPurpose.
 */
export class RedisConnections {
  readonly #logger = new Logger(RedisConnections.name);
  readonly #settings: Pick<RedisSettings, 'REDIS_URL' | 'REDIS_CA_FILE'>;
  readonly #clientName: string;
  readonly #metrics: Metrics | undefined;
  readonly #open = new Set<OpenConnection>();
  readonly #probe: NodeJS.Timeout;
  #commands: RedisConnection | undefined;
  #isClosed = false;

  /** `clientName` shows up in CLIENT LIST before the name of each connection. Nothing is opened yet. */
  constructor(
    settings: Pick<RedisSettings, 'REDIS_URL' | 'REDIS_CA_FILE'>,
    options: { clientName?: string; metrics?: Metrics } = {},
  ) {
    this.#settings = settings;
    this.#clientName = options.clientName ?? 'bus';
    this.#metrics = options.metrics;
    this.#probe = setInterval(() => this.#probeAll(), PROBE_EVERY_MS).unref();
  }

  /** The connection for ordinary commands, shared by the whole process and opened on first use. */
  get commands(): RedisConnection {
    return (this.#commands ??= this.create('commands', 'commands'));
  }

  /** Opens a connection. It belongs to the caller for use, to this object for closing. Throws after closeAll. */
  create(purpose: RedisPurpose, name: string): RedisConnection {
    if (this.#isClosed) throw new Error(`The Redis connections are closed; '${name}' comes too late.`);
    const { REDIS_URL, REDIS_CA_FILE } = this.#settings;
    const target = parseRedisUrl(REDIS_URL);
    const clientName = `${this.#clientName}:${name}`.replace(/[^\x21-\x7e]/g, '-');
    const connection =
      target.kind === 'cluster'
        ? new Cluster([...target.hosts], clusterOptions(target, purpose, clientName, REDIS_CA_FILE))
        : new (purpose === 'subscriber' ? RedisSubscriber : Redis)(
            redisOptions(target, purpose, clientName, REDIS_CA_FILE),
          );
    this.#watch({ connection, purpose, wasReady: false }, name);
    return connection;
  }

  /** Ends all connections, politely where Redis answers within a second, and resolves when they are ended. Never rejects. Safe to call again. */
  async closeAll(): Promise<void> {
    this.#isClosed = true;
    clearInterval(this.#probe);
    const open = [...this.#open];
    this.#open.clear();
    await Promise.all(open.map(close));
  }

  #watch(entry: OpenConnection, name: string): void {
    const { connection, purpose } = entry;
    const warning = new RepeatedWarning(this.#logger);
    const label = { purpose };
    this.#open.add(entry);
    connection.on('error', (error: Error) => {
      this.#metrics?.counter('bus_redis_errors_total').inc(label);
      warning.warn(`Redis connection '${name}' failed; it keeps trying.`, error);
    });
    connection.on('ready', () => {
      this.#metrics?.gauge('bus_redis_connected').inc(label);
      if (entry.wasReady) {
        this.#metrics?.counter('bus_redis_reconnects_total').inc(label);
        this.#logger.log(`Redis connection '${name}' is back.`);
      }
      entry.wasReady = true;
      connection.once('close', () => this.#metrics?.gauge('bus_redis_connected').dec(label));
    });
    connection.on('end', () => this.#open.delete(entry));
  }

  /**
   * TCP needs minutes to notice a peer that vanished without a word. A question every few seconds makes the socket time out
   * in seconds instead, also on connections that only listen.
   */
  #probeAll(): void {
    for (const { connection, purpose } of this.#open) {
      if (connection instanceof Cluster || purpose === 'blocking' || connection.status !== 'ready') continue;
      connection.ping().catch((error: unknown) => {
        this.#logger.debug('A Redis probe was not answered; the connection deals with it.', error);
      });
    }
  }
}

async function close({ connection, purpose }: OpenConnection): Promise<void> {
  // Between two attempts there is no socket to close, and no event to wait for.
  if (connection.status !== 'ready') return connection.disconnect();
  await new Promise<void>((resolve) => {
    const force = setTimeout(() => connection.disconnect(), QUIT_WITHIN_MS);
    const giveUp = setTimeout(resolve, GIVE_UP_AFTER_MS);
    connection.once('end', () => {
      clearTimeout(force);
      clearTimeout(giveUp);
      resolve();
    });
    // A blocking read would hold QUIT up until it times out.
    if (purpose === 'blocking') connection.disconnect();
    // Whatever keeps QUIT from being answered also ends the connection.
    else connection.quit().catch(() => connection.disconnect());
  });
}
