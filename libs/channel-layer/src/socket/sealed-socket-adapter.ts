import { setTimeout as sleep } from 'node:timers/promises';
import { createAdapter } from '@socket.io/redis-adapter';
import { Logger } from '@nestjs/common';
import { redisKeys, type RedisConnection } from '@bus/platform';
import type { Namespace, Server } from 'socket.io';
import type { ChannelCore } from '../channel-core.ts';
import { GroupFeeds } from '../feed/group-feeds.ts';
import { localOutput, type GroupOutput } from '../feed/group-output.ts';
import { ADAPTER_KEY } from '../sealed-redis/adapter-channels.ts';
import { SealedPublisher } from '../sealed-redis/sealed-publisher.ts';
import { SealedSubscriber } from '../sealed-redis/sealed-subscriber.ts';
import { ThrottledLog } from '../throttled-log.ts';

/** Longer than a subscription takes on a busy server, shorter than anyone would wait for an alert. */
const SUBSCRIBE_WITHIN_MS = 5_000;

export interface SealedSocketAdapterOptions {
  /** Namespace the group events go to. @default '/' */
  readonly namespace?: string;
  /** Emits to the local sockets of a group; replace it to treat slow browsers differently. */
  readonly output?: GroupOutput;
  /** How often to look for events that were lost without a sign. @default 3 seconds */
  readonly checkIntervalMs?: number;
}

/**
 * Joins a Socket.IO server to the channel layer.
 *
 * Everything the gateways tell each other goes through the sealed Redis adapter. Group events go through ordered
 * feeds and reach the local sockets of their group exactly once, in order, or an explicit `gap` event does.
 * A lost subscription is made good from the histories as soon as it is back.
 */
export class SealedSocketAdapter {
  readonly #core: ChannelCore;
  readonly #logger = new Logger(SealedSocketAdapter.name);
  readonly #warnings = new ThrottledLog(this.#logger);
  #attached: Attached | undefined;

  constructor(core: ChannelCore) {
    this.#core = core;
  }

  /** Whether events arrive now. For the readiness of the gateway. */
  get ready(): boolean {
    return this.#attached?.isSubscribed === true && this.#attached.connection.status === 'ready';
  }

  /** Where events for local sockets go. @throws Error before `attach`. */
  get output(): GroupOutput {
    return this.#require().output;
  }

  /** The feeds of the attached server. @throws Error before `attach`. */
  get feeds(): GroupFeeds {
    return this.#require().feeds;
  }

  /**
   * Puts the adapter under `io`, before the first socket connects. Resolves when Redis confirmed the subscriptions;
   * while Redis is away it waits.
   */
  async attach(io: Server, options: SealedSocketAdapterOptions = {}): Promise<void> {
    if (this.#attached !== undefined) throw new Error('The socket adapter is attached to a server already');
    const { opener, metrics, channels } = this.#core;
    const connection = this.#core.subscriber();
    const subscriber = new SealedSubscriber(connection, opener, channels, metrics);
    const publisher = new SealedPublisher(this.#core.producer, this.#core.sealer, channels);
    io.adapter(
      createAdapter(publisher, subscriber, { key: ADAPTER_KEY, publishOnSpecificResponseChannel: true }),
    );
    const namespace = io.of(options.namespace ?? '/');
    const output = options.output ?? localOutput(namespace);
    const feeds = new GroupFeeds(this.#core.log, this.#core.reader, opener, metrics, output);
    followRooms(namespace, feeds);
    const attached: Attached = {
      connection,
      subscriber,
      feeds,
      output,
      isSubscribed: false,
      isInterrupted: false,
    };
    this.#attached = attached;

    connection.on('pmessageBuffer', (_pattern: Buffer, channel: Buffer, message: Buffer) => {
      feeds.receive(channel.toString(), message);
    });
    await Promise.all([connection.psubscribe(redisKeys.groupChannelPattern), subscriber.subscribed()]);
    attached.isSubscribed = true;
    const interrupted = (): void => {
      attached.isInterrupted = true;
      feeds.interrupted();
    };
    connection.on('close', interrupted);
    connection.on('ready', () => void this.#mendSubscription(attached));
    // A cluster moves its subscription from node to node without a word; these are the signs that it might have.
    for (const sign of connection.isCluster ? ['+node', '-node', 'node error'] : [])
      connection.on(sign, interrupted);
    attached.timer = setInterval(() => void this.#check(attached), options.checkIntervalMs ?? 3_000).unref();
  }

  /** Stops following groups. The Redis connections are closed by whoever owns them. */
  close(): void {
    if (this.#attached === undefined) return;
    clearInterval(this.#attached.timer);
    this.#attached.connection.removeAllListeners('pmessageBuffer');
    this.#attached.subscriber.detach();
    this.#attached.isSubscribed = false;
  }

  #require(): Attached {
    if (this.#attached === undefined) throw new Error('Attach the socket adapter to a server first');
    return this.#attached;
  }

  async #check(attached: Attached): Promise<void> {
    if (attached.isChecking === true) return;
    attached.isChecking = true;
    try {
      if (attached.isInterrupted) await this.#mend(attached);
      else await attached.feeds.catchUpWithLost();
    } catch (error) {
      this.#warnings.warn('check', `Lost events could not be looked for: ${String(error)}`);
    } finally {
      attached.isChecking = false;
    }
  }

  async #mendSubscription(attached: Attached): Promise<void> {
    try {
      await this.#mend(attached);
    } catch (error) {
      // Still marked as interrupted, so the next check tries again.
      this.#warnings.warn(
        'mend',
        `Events missed while Redis was away are not all fetched yet: ${String(error)}`,
      );
    }
  }

  /** The subscription must be confirmed before the histories are read; else an event could fall between the two. */
  async #mend(attached: Attached): Promise<void> {
    if (attached.connection.status !== 'ready') return;
    await within(SUBSCRIBE_WITHIN_MS, attached.connection.psubscribe(redisKeys.groupChannelPattern));
    attached.isInterrupted = false;
    try {
      await attached.feeds.catchUp();
    } catch (error) {
      attached.isInterrupted = true;
      throw error;
    }
  }
}

interface Attached {
  readonly connection: RedisConnection;
  readonly subscriber: SealedSubscriber;
  readonly feeds: GroupFeeds;
  readonly output: GroupOutput;
  isSubscribed: boolean;
  /** The subscription was lost and what was published meanwhile has not been fetched yet. */
  isInterrupted: boolean;
  isChecking?: boolean;
  timer?: NodeJS.Timeout;
}

/** Rejects when `promise` has not settled in time; a subscription that hangs must not stop the checks for good. */
async function within<T>(milliseconds: number, promise: Promise<T>): Promise<T> {
  const timer = new AbortController();
  try {
    return await Promise.race([promise, deadline(milliseconds, timer.signal)]);
  } finally {
    timer.abort();
  }
}

async function deadline(milliseconds: number, signal: AbortSignal): Promise<never> {
  await sleep(milliseconds, undefined, { signal });
  throw new Error(`Redis did not confirm the subscription within ${milliseconds} ms`);
}

/** A room is followed while it has sockets. Every socket also has a room of its own, which is no group. */
function followRooms(namespace: Namespace, feeds: GroupFeeds): void {
  const { adapter } = namespace;
  adapter.on('create-room', (room: string) => {
    if (!adapter.sids.has(room)) feeds.opened(room);
  });
  adapter.on('delete-room', (room: string) => feeds.closed(room));
}
