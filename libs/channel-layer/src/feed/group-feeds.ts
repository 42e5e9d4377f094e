import { Logger } from '@nestjs/common';
import { decodeEnvelope } from '../broadcast/envelope-codec.ts';
import type { ChannelMetrics } from '../channel-metrics.ts';
import type { GroupLog } from '../history/group-log.ts';
import type { HistoryReader } from '../history/history-reader.ts';
import { parsePublishedFrame } from '../history/published-frame.ts';
import type { Opener } from '../seal/opener.ts';
import { ThrottledLog } from '../throttled-log.ts';
import { GroupFeed, type FeedObserver } from './group-feed.ts';
import type { GroupOutput } from './group-output.ts';

interface Followed {
  readonly feed: GroupFeed;
  /** How many joins under way need it. */
  holds: number;
  hasMembers: boolean;
}

/** Histories read at the same time after a reconnect: enough to be quick, few enough not to flood Redis. */
const MAX_PARALLEL_READS = 32;
/** What is on its way to us when the heads are read gets this long to arrive before it counts as lost. */
const IN_FLIGHT_MS = 150;
/** A frame that was refused for its age is looked up in the history this much later. */
const LOOK_UP_DELAY_MS = 100;

/**
 * The feeds of one gateway: one for each group that has local sockets (or is about to), and none for the others,
 * whose events are dropped unopened.
 */
export class GroupFeeds {
  readonly #log: GroupLog;
  readonly #reader: HistoryReader;
  readonly #opener: Opener;
  readonly #metrics: ChannelMetrics;
  readonly #output: GroupOutput;
  readonly #byGroup = new Map<string, Followed>();
  readonly #byChannel = new Map<string, Followed>();
  readonly #warnings = new ThrottledLog(new Logger(GroupFeeds.name));
  readonly #observer: FeedObserver;
  readonly #lookedUp = new Set<GroupFeed>();

  constructor(
    log: GroupLog,
    reader: HistoryReader,
    opener: Opener,
    metrics: ChannelMetrics,
    output: GroupOutput,
  ) {
    this.#log = log;
    this.#reader = reader;
    this.#opener = opener;
    this.#metrics = metrics;
    this.#output = output;
    this.#observer = {
      holeEnded: (result) => metrics.gap(result),
      misplaced: () => metrics.rejected('replayed'),
      readFailed: (error) =>
        this.#warnings.warn('read', `A group history could not be read: ${String(error)}`),
    };
  }

  /** Number of groups followed. */
  get size(): number {
    return this.#byGroup.size;
  }

  /** The feed of a group, kept at least until `release` is called. It may not have started yet. */
  hold(group: string): { readonly feed: GroupFeed; release(): void } {
    const followed = this.#follow(group);
    followed.holds += 1;
    return {
      feed: followed.feed,
      release: () => {
        followed.holds -= 1;
        this.#dropIfUnused(followed);
      },
    };
  }

  /** Tells that a group got its first local socket. */
  opened(group: string): void {
    this.#follow(group).hasMembers = true;
  }

  /** Tells that a room lost its last local socket; it need not be a group. */
  closed(room: string): void {
    const followed = this.#byGroup.get(room);
    if (followed === undefined) return;
    followed.hasMembers = false;
    this.#dropIfUnused(followed);
  }

  /** Takes a message from a group channel. Never throws: what cannot be trusted is counted and dropped. */
  receive(channel: string, message: Buffer): void {
    const frame = parsePublishedFrame(message);
    if (frame === undefined) return this.#metrics.rejected('malformed');
    const feed = this.#byChannel.get(channel)?.feed;
    if (feed === undefined) return;
    const opened = this.#opener.openLive(channel, frame.sealed);
    if (!opened.ok) {
      this.#metrics.rejected(opened.reason);
      if (opened.reason === 'stale' || opened.reason === 'replayed') this.#lookUpSoon(feed);
      return;
    }
    const { epoch, offset } = frame;
    const envelope = decodeEnvelope(opened.content, { group: feed.group, epoch, offset });
    if (envelope === undefined) return this.#metrics.rejected('malformed');
    this.#metrics.received();
    this.#metrics.delivered(Math.max(0, Date.now() - opened.sealedAt) / 1_000);
    feed.receive(epoch, { offset, identity: opened.identity, envelope });
  }

  /** Tells all feeds that the subscription was interrupted. */
  interrupted(): void {
    for (const feed of this.#following()) feed.interrupted();
  }

  /** Has every feed compare itself with the history, for when the subscription was interrupted. Rejects if one cannot. */
  async catchUp(): Promise<void> {
    const feeds = this.#following();
    const results: PromiseSettledResult<void>[] = [];
    for (let next = 0; next < feeds.length; next += MAX_PARALLEL_READS) {
      const batch = feeds.slice(next, next + MAX_PARALLEL_READS);
      results.push(...(await Promise.allSettled(batch.map((feed) => feed.catchUp()))));
    }
    const failed = results.find((result) => result.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
  }

  /** Looks for events that pub/sub lost without anyone noticing, and fetches them. Rejects when Redis does not answer. */
  async catchUpWithLost(): Promise<void> {
    const feeds = this.#following();
    if (feeds.length === 0) return;
    const heads = await this.#log.heads(feeds.map((feed) => feed.group));
    if (!feeds.some((feed, index) => feed.isBehind(heads[index] ?? null))) return;
    await new Promise((resolve) => setTimeout(resolve, IN_FLIGHT_MS));
    const behind = feeds.filter((feed, index) => feed.isBehind(heads[index] ?? null));
    for (let next = 0; next < behind.length; next += MAX_PARALLEL_READS) {
      await Promise.all(behind.slice(next, next + MAX_PARALLEL_READS).map((feed) => feed.catchUp()));
    }
  }

  /**
   * A refused frame may be genuine after all: sealed by a wrong clock, or before this process started. The history
   * knows. Not at once, so that a flood of replays costs one reading.
   */
  #lookUpSoon(feed: GroupFeed): void {
    if (!feed.isFollowing || this.#lookedUp.has(feed)) return;
    this.#lookedUp.add(feed);
    setTimeout(() => {
      this.#lookedUp.delete(feed);
      feed.catchUp().catch((error: unknown) => this.#observer.readFailed(error));
    }, LOOK_UP_DELAY_MS).unref();
  }

  #following(): GroupFeed[] {
    return [...this.#byGroup.values()].map(({ feed }) => feed).filter((feed) => feed.isFollowing);
  }

  #follow(group: string): Followed {
    const known = this.#byGroup.get(group);
    if (known !== undefined) return known;
    const feed = new GroupFeed(
      group,
      this.#reader,
      {
        event: ({ envelope }) => this.#put(() => this.#output.event(group, envelope)),
        gap: (reason, position) => this.#put(() => this.#output.gap(group, { group, reason, ...position })),
      },
      this.#observer,
    );
    const followed = { feed, holds: 0, hasMembers: false };
    this.#byGroup.set(group, followed);
    this.#byChannel.set(this.#log.channelOf(group), followed);
    return followed;
  }

  #dropIfUnused(followed: Followed): void {
    const { group } = followed.feed;
    if (followed.holds > 0 || followed.hasMembers || this.#byGroup.get(group) !== followed) return;
    this.#byGroup.delete(group);
    this.#byChannel.delete(this.#log.channelOf(group));
  }

  /** A socket that cannot be written to must not stop the feed of all the others. */
  #put(deliver: () => void): void {
    try {
      deliver();
    } catch (error) {
      this.#warnings.warn(
        'output',
        `An event could not be handed to the sockets of its group: ${String(error)}`,
      );
    }
  }
}
